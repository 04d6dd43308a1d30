// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/stall_watchdog.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/task_record.h"
#include "lib/core/file_of.h"
#include "lib/debug/task_places.h"

namespace creche {
namespace {

using internal::TaskPlaces;
using RealTime = std::chrono::steady_clock;

std::string JoinPlaces(const std::vector<std::source_location>& places) {
  return absl::StrJoin(
      places, " < ", [](std::string* out, const std::source_location& place) {
        absl::StrAppend(out, internal::FileOf(place), ":", place.line());
      });
}

TaskPlaces PlacesOf(const TaskId& task) {
  return TaskPlaces(
      static_cast<const internal::TaskRecord*>(task.id())->leaf());
}

}  // namespace

std::string Stall::ToString() const {
  std::string text = "task";
  if (!task.empty()) absl::StrAppend(&text, " '", task, "'");
  absl::StrAppend(&text, is_over ? " kept" : " has kept", " the loop for ",
                  absl::FormatDuration(lasted));
  if (from.empty()) {
    absl::StrAppend(&text, ", from its start", started_at.empty() ? "" : " by ",
                    JoinPlaces(started_at));
  } else {
    absl::StrAppend(&text, ", going on from ", JoinPlaces(from));
  }
  if (!is_over) return text;
  return absl::StrCat(text, ", to ", to.empty() ? "its end" : JoinPlaces(to));
}

// The run's thread writes down what it does, and the watchdog's thread looks at
// that: it never looks at the tasks themselves, which would be a data race.
class StallWatchdog::Watch {
 public:
  Watch(absl::Duration limit, const Report& report)
      : limit_(absl::ToChronoNanoseconds(limit)), report_(report) {
    has_thread_ = StartThread();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  ~Watch() {
    if (!has_thread_) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_one();
    pthread_join(thread_, nullptr);
  }

  void TaskSpawned(const TaskId& task) {
    started_at_[task.id()] = TaskPlaces::OfRunningTask();
  }

  void StepBegins(const TaskId& task) {
    const TaskPlaces from = PlacesOf(task);
    const TaskPlaces started_at = TakeStartOf(task);
    const std::lock_guard<std::mutex> lock(mutex_);
    step_.task.assign(task.name().data(), task.name().size());
    step_.from = from;
    step_.started_at = started_at;
    step_.begin = RealTime::now();
    step_.is_running = true;
    step_.is_reported = false;
  }

  void StepEnds(const TaskPlaces& to) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      step_.is_running = false;
      const RealTime::time_point now = RealTime::now();
      if (now - step_.begin < limit_) return;
      Stall& stall = over_.emplace_back(StallAt(now));
      stall.is_over = true;
      stall.to = to.ToVector();
    }
    changed_.notify_one();
  }

 private:
  struct Step {
    std::string task;
    TaskPlaces from;
    TaskPlaces started_at;
    RealTime::time_point begin;
    bool is_running = false;
    bool is_reported = false;
  };

  // With all signals blocked: they are the program's, not this thread's.
  bool StartThread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(
        &thread_, nullptr,
        [](void* watch) -> void* {
          static_cast<Watch*>(watch)->Loop();
          return nullptr;
        },
        this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error == 0) return true;
    std::cerr << "creche: StallWatchdog watches nothing, it has no thread: "
              << std::strerror(error) << '\n'
              << std::flush;
    return false;
  }

  // Wakes up once per limit at most. A step that begins while it sleeps and
  // lasts for longer than the limit is still under way when it wakes up.
  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!is_stopping_ || !over_.empty()) {
      const RealTime::time_point now = RealTime::now();
      if (!over_.empty()) {
        ReportUnlocked(lock, std::exchange(over_, {}));
      } else if (!MayBeReported()) {
        changed_.wait_until(lock, now + limit_);
      } else if (now - step_.begin < limit_) {
        changed_.wait_until(lock, step_.begin + limit_);
      } else {
        step_.is_reported = true;
        ReportUnlocked(lock, {StallAt(now)});
      }
    }
  }

  // None if this is not the first step of the task.
  TaskPlaces TakeStartOf(const TaskId& task) {
    const auto started = started_at_.find(task.id());
    if (started == started_at_.end()) return {};
    const TaskPlaces places = started->second;
    started_at_.erase(started);
    return places;
  }

  bool MayBeReported() const { return step_.is_running && !step_.is_reported; }

  Stall StallAt(RealTime::time_point now) const {
    Stall stall{step_.task, absl::FromChrono(now - step_.begin),
                step_.from.ToVector()};
    stall.started_at = step_.started_at.ToVector();
    return stall;
  }

  // The run does not have to wait for whoever prints.
  void ReportUnlocked(std::unique_lock<std::mutex>& lock,
                      const std::vector<Stall>& stalls) {
    lock.unlock();
    for (const Stall& stall : stalls) report_(stall);
    lock.lock();
  }

  const std::chrono::nanoseconds limit_;
  const Report& report_;
  pthread_t thread_ = {};
  bool has_thread_ = false;
  // Of tasks that have not run yet. For the run's thread only.
  std::unordered_map<const void*, TaskPlaces> started_at_;

  std::mutex mutex_;  // Of what follows.
  std::condition_variable changed_;
  Step step_;                // The last one that began.
  std::vector<Stall> over_;  // Still to be reported.
  bool is_stopping_ = false;
};

StallWatchdog::StallWatchdog(absl::Duration limit)
    : StallWatchdog(limit, [](const Stall& stall) {
        std::cerr << absl::StrCat("creche: ", stall.ToString(), "\n")
                  << std::flush;
      }) {}

StallWatchdog::StallWatchdog(absl::Duration limit, Report report)
    : limit_(limit), report_(std::move(report)) {
  if (limit <= absl::ZeroDuration() || limit > absl::Hours(24)) {
    internal::Misuse("a StallWatchdog's limit must be positive, at most a day");
  }
}

StallWatchdog::~StallWatchdog() = default;

void StallWatchdog::BeforeRun() {
  if (watch_ != nullptr) {
    internal::Misuse("a StallWatchdog watches one run at a time");
  }
  watch_ = std::make_unique<Watch>(limit_, report_);
}

void StallWatchdog::AfterRun() { watch_.reset(); }

void StallWatchdog::TaskSpawned(const TaskId& task) {
  watch_->TaskSpawned(task);
}

void StallWatchdog::StepBegins(const TaskId& task) { watch_->StepBegins(task); }

void StallWatchdog::StepEnds(const TaskId& task) {
  watch_->StepEnds(PlacesOf(task));
}

void StallWatchdog::TaskExited(const TaskId& /*task*/) {
  watch_->StepEnds(TaskPlaces());
}

}  // namespace creche
