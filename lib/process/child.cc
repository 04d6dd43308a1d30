// SPDX-License-Identifier: Apache-2.0

#include "lib/process/child.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/wait_readable.h"
#include "lib/process/group_members.h"
#include "lib/process/pidfd.h"
#include "lib/threads/thread_cache.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

// What was killed has so long to end, if the grace was shorter.
constexpr absl::Duration kForTheKernel = absl::Seconds(5);

absl::Status NobodyKnows(pid_t pid) {
  return absl::UnknownError(absl::StrCat(
      "process ", pid,
      " has ended, and how was told to somebody else: this process ignores "
      "SIGCHLD, or waits for children that it does not know"));
}

// Waits for a process of which nobody is to know. Deletes itself.
class ReapJob final : public ThreadJob {
 public:
  explicit ReapJob(pid_t pid) : ThreadJob("reap"), pid_(pid) {}

  void Run() noexcept override {
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  void Deliver() noexcept override { delete this; }

 private:
  const pid_t pid_;
};

// On a thread, since a process that was killed may take a while to end.
void ReapLater(pid_t pid) {
  auto* const job = new ReapJob(pid);
  if (ThreadCache::OfTheProcess().Start(*job).ok()) return;
  // Without a thread, waiting here is better than leaving a zombie for ever.
  job->Run();
  job->Deliver();
}

}  // namespace

// The task that polls. When it stops, another one of those that wait does, or
// all of them hear how the process has ended.
class Child::Watch {
 public:
  explicit Watch(Child& child) : child_(child) { child_.is_watched_ = true; }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    child_.is_watched_ = false;
    if (child_.phase_ == Phase::kRunning) {
      child_.waiters_.Unpark();
    } else {
      child_.waiters_.UnparkAll();
    }
  }

 private:
  Child& child_;
};

Child::Child(SpawnedProcess spawned, bool has_group)
    : pid_(spawned.pid),
      pidfd_(std::move(spawned.pidfd)),
      has_group_(has_group),
      outcome_(NobodyKnows(pid_)) {
  if (!pidfd_.is_open()) phase_ = Phase::kReaped;
}

Child::~Child() {
  Kill();
  Look();
  if (phase_ == Phase::kRunning) {
    ReapLater(pid_);
  } else {
    Reap();
  }
}

absl::Status Child::Signal(int signal) {
  Look();
  // What is left of a group has no process of its own to be signalled by.
  if (phase_ == Phase::kReaped || (phase_ == Phase::kZombie && !has_group_)) {
    return absl::NotFoundError(absl::StrCat("signal ", signal, " to process ",
                                            pid_, ": it has ended"));
  }
  const int result =
      has_group_ ? kill(-pid_, signal) : SignalPidfd(pidfd_, signal);
  if (result == 0) return absl::OkStatus();
  return SystemError(errno,
                     absl::StrCat("signal ", signal, " to process ", pid_));
}

void Child::Kill() { Signal(SIGKILL).IgnoreError(); }

void Child::Reap() {
  if (phase_ != Phase::kZombie) return;
  siginfo_t info = {};
  waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  phase_ = Phase::kReaped;
}

void Child::Look() {
  if (phase_ != Phase::kRunning) return;
  siginfo_t info = {};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info,
             WEXITED | WNOHANG | WNOWAIT) != 0) {
    // outcome_ says so.
    phase_ = Phase::kReaped;
    return;
  }
  if (info.si_pid == 0) return;
  outcome_ = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
  phase_ = Phase::kZombie;
  if (!has_group_) Reap();
}

Task<absl::StatusOr<int>> Child::Wait(std::shared_ptr<Child> child) {
  co_await BudgetedCheckpoint();
  while (child->phase_ == Phase::kRunning) {
    if (child->is_watched_) {
      co_await child->waiters_.Park("Process::Wait");
      continue;
    }
    const Watch watch(*child);
    const absl::Status ended = co_await WaitReadable(child->pidfd_.get());
    if (!ended.ok()) co_return ended;
    child->Look();
  }
  co_return child->outcome_;
}

Task<absl::Status> Child::WaitForAll(std::shared_ptr<Child> child) {
  auto wait = Wait(child);
  absl::Status ended = (co_await std::move(wait)).status();
  if (child->phase_ == Phase::kRunning) co_return ended;
  if (child->has_group_) co_return co_await WaitForGroup(child->pid_);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<int>> Child::Stop(std::shared_ptr<Child> child,
                                      absl::Duration grace) {
  child->Signal(SIGTERM).IgnoreError();
  // One that is suspended can do what it likes to do at its end.
  child->Signal(SIGCONT).IgnoreError();
  auto all = MoveOnAfter(grace, WaitForAll(child));
  const auto in_time = co_await std::move(all);
  if (!in_time.has_value() || !in_time->ok()) {
    child->Kill();
    auto wait = Wait(child);
    const absl::Status ended = (co_await std::move(wait)).status();
    if (child->phase_ == Phase::kRunning) co_return ended;
    // They end at once, or cannot be killed (another user's): then not for
    // ever.
    auto rest = MoveOnAfter(std::max(grace, kForTheKernel), WaitForAll(child));
    co_await std::move(rest);
  }
  child->Kill();
  child->Reap();
  co_return child->outcome_;
}

}  // namespace creche::internal
