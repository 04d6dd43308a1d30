// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/run_on_cores.h"

#include <pthread.h>
#include <sched.h>

#include <cstddef>
#include <exception>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/running.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/cores/core.h"
#include "creche/run.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/threads/run_handle.h"
#include "creche/threads/run_in_thread.h"
#include "lib/core/scheduler.h"
#include "lib/cores/core_set.h"

namespace creche::internal {
namespace {

// The cores that this thread may use.
std::vector<int> UsableCores() {
  cpu_set_t usable;
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof(usable), &usable) != 0) return {0};
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &usable)) cores.push_back(core);
  }
  return cores;
}

// This thread stays on one core while this exists. (It is one of those that are
// used again.)
class Pin {
 public:
  explicit Pin(int core) {
    pthread_getaffinity_np(pthread_self(), sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    error_ = pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
  }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() { pthread_setaffinity_np(pthread_self(), sizeof(before_), &before_); }

  int error() const { return error_; }

 private:
  cpu_set_t before_;
  int error_ = 0;
};

class Supervisor {
 public:
  Supervisor(const CoresOptions& options, CoreMain& main)
      : options_(options),
        main_(main),
        usable_(UsableCores()),
        cores_(options.count() != 0 ? options.count() : usable_.size()) {}

  // Runs on the thread that has called RunOnCores().
  Task<absl::Status> Run() {
    CapacityLimiter limiter(CapacityLimiter::kUnlimited);
    auto one = [&](std::size_t index) -> Task<absl::Status> {
      co_return co_await Supervise(index, limiter);
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (std::size_t i = 0; i < cores_.count(); ++i) {
        nursery.StartSoon(one, i);
      }
      co_return;
    };
    absl::Status ended = co_await WithNursery(body);
    // A signal has cancelled them all, and none had anything to say.
    if (ended.ok()) co_await CheckpointIfCancelled();
    co_return ended;
  }

  const CoreSet& cores() const { return cores_; }

 private:
  // While it exists, others wait for core `index`.
  class Expected {
   public:
    Expected(CoreSet& cores, std::size_t index)
        : cores_(cores), index_(index) {}
    Expected(const Expected&) = delete;
    Expected& operator=(const Expected&) = delete;
    ~Expected() {
      if (!cores_.has_arrived(index_)) cores_.GiveUp();
    }

   private:
    CoreSet& cores_;
    const std::size_t index_;
  };

  Task<absl::Status> Supervise(std::size_t index, CapacityLimiter& limiter) {
    const Expected expected(cores_, index);
    auto run_one = [this, index](const std::stop_token& stop) {
      return RunOne(index, stop);
    };
    auto options = ThreadOptions().set_limiter(limiter).set_name(
        absl::StrCat("core ", index));
    auto running = RunInThread(std::move(options), run_one);
    co_return co_await std::move(running);
  }

  // On the core's thread.
  absl::Status RunOne(std::size_t index, const std::stop_token& stop) {
    const Expected expected(cores_, index);
    if (!options_.pin()) return RunMainOf(index, stop);
    const int core = usable_[index % usable_.size()];
    const Pin pin(core);
    if (pin.error() != 0) {
      return absl::ErrnoToStatus(
          pin.error(),
          absl::StrCat("RunOnCores: pin a thread to processor ", core));
    }
    return RunMainOf(index, stop);
  }

  absl::Status RunMainOf(std::size_t index, const std::stop_token& stop) {
    bool was_cancelled = false;
    auto main = [&]() -> Task<absl::Status> {
      const RunHandle self = RunHandle::Current();
      const std::stop_callback cancel(stop, [self] {
        self.Post([] { running.scheduler->root().Cancel("RunOnCores"); });
      });
      was_cancelled = true;
      // Another one cannot begin, and tells why.
      if (!cores_.Arrive(index, self)) co_return absl::OkStatus();
      Core core(cores_, index);
      absl::Status ended = co_await main_.Run(core);
      was_cancelled = false;
      co_return ended;
    };
    CRECHE_TRY {
      absl::Status ended = creche::Run(options_.run_options(), main);
      return was_cancelled ? absl::OkStatus() : ended;
    }
    CRECHE_CATCH_ALL { cores_.KeepException(std::current_exception()); }
    return absl::UnknownError("a core's main has thrown");
  }

  const CoresOptions& options_;
  CoreMain& main_;
  const std::vector<int> usable_;
  CoreSet cores_;
};

absl::Status CheckRunOptions(const RunOptions& options) {
  if (options.clock == nullptr && options.port == nullptr &&
      options.instruments.empty() && options.cancel_on_signals.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "RunOnCores: a clock, a port and instruments are for one run; signals "
      "are for all cores (CoresOptions::set_cancel_on_signals)");
}

}  // namespace

absl::Status RunCoreMain(const CoresOptions& options, CoreMain& main) {
  if (absl::Status usable = CheckRunOptions(options.run_options());
      !usable.ok()) {
    return usable;
  }
  Supervisor supervisor(options, main);
  RunOptions run_options = options.run_options();
  run_options.cancel_on_signals = options.cancel_on_signals();
  auto supervise = [&]() -> Task<absl::Status> {
    co_return co_await supervisor.Run();
  };
  absl::Status ended = creche::Run(std::move(run_options), supervise);
  if (supervisor.cores().exception() != nullptr) {
    std::rethrow_exception(supervisor.cores().exception());
  }
  return ended;
}

}  // namespace creche::internal
