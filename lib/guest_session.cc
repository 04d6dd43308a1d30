// SPDX-License-Identifier: Apache-2.0

#include "lib/guest_session.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"
#include "lib/uring/current_port.h"

namespace creche::internal {
// What belongs to the thread and not to one of its runs stays where it is.
void ThreadsRun::Exchange() {
  std::swap(running, running_);
  std::swap(running.newest_task_id, running_.newest_task_id);
  std::swap(running.watchers, running_.watchers);
  port_ = CurrentPort::Exchange(port_);
}

void GuestSession::Begin(RunOptions options) {
  refused_ = Open(std::move(options));
  if (refused_.ok()) Watch();
  AskForTurn();
}

absl::Status GuestSession::Open(RunOptions options) {
  if (running.scheduler != nullptr) {
    return absl::FailedPreconditionError(
        "a GuestRun was made inside a run of this thread; make it outside of "
        "tasks, in the host's own callbacks");
  }
  run_.Exchange();
  absl::Status opened = OpenInRun(std::move(options));
  if (!opened.ok()) session_ = nullptr;
  run_.Exchange();
  return opened;
}

// Without deferred task work the kernel fills the descriptor on this thread.
// With it, that is done by whoever has the event, and Linux 6.18 loses all but
// the first of an eventfd's (seen by
// GuestHostTest.HearsOfEachWriteToAnEventfd).
absl::Status GuestSession::OpenInRun(RunOptions options) {
  options.uring_features.defer_taskrun = false;
  session_ = std::make_unique<RunSession>(std::move(options));
  if (!session_->status().ok()) return session_->status();
  port_ = dynamic_cast<HostedPort*>(&session_->port());
  if (port_ == nullptr) {
    return absl::InvalidArgumentError(
        "a GuestRun was given a RunOptions::port that cannot be waited for in "
        "another loop; leave it unset");
  }
  const absl::StatusOr<int> fd = port_->OpenWaitDescriptor();
  if (!fd.ok()) return fd.status();
  fd_ = *fd;
  session_->scheduler().Begin(main_->MakeTask(*session_));
  return absl::OkStatus();
}

// In the run's next share: here, the thread may be in another run, or none.
void GuestSession::Cancel(absl::string_view reason) {
  if (has_ended_ || cancel_reason_.has_value()) return;
  cancel_reason_ = std::string(reason);
  AskForTurn();
}

// The host may destroy a callback while that runs.
absl::AnyInvocable<void()> GuestSession::Calls(Callback callback) {
  return [self = shared_from_this(), callback] {
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const std::shared_ptr<GuestSession> session = self;
    (*session.*callback)();
  };
}

void GuestSession::Watch() {
  is_watched_ = true;
  host_.WatchReadable(fd_, Calls(&GuestSession::OnReadable));
}

void GuestSession::Unwatch() {
  if (std::exchange(is_watched_, false)) host_.Unwatch(fd_);
}

void GuestSession::AskForTurn() {
  if (std::exchange(has_asked_for_turn_, true)) return;
  host_.CallSoon(Calls(&GuestSession::OnTurn));
}

// Not if the host will call by then anyway. So a deadline that moves on with
// each operation costs one timer, and not one each time.
void GuestSession::AskForCallAt(absl::Time time) {
  if (!timers_.empty() && timers_.back() <= time) return;
  timers_.push_back(time);
  host_.CallAt(time, [self = shared_from_this(), time] {
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const std::shared_ptr<GuestSession> session = self;
    session->OnTime(time);
  });
}

// A descriptor that stays readable would keep a nested loop busy until the task
// that runs it gives the thread back.
void GuestSession::OnReadable() {
  if (is_at_work_) Unwatch();
  Work();
}

void GuestSession::OnTime(absl::Time time) {
  while (!timers_.empty() && timers_.back() <= time) timers_.pop_back();
  Work();
}

void GuestSession::OnTurn() {
  has_asked_for_turn_ = false;
  Work();
}

void GuestSession::Work() {
  if (has_ended_) return;
  if (!refused_.ok()) return End();
  session_->scheduler().CheckNotForked();
  if (is_at_work_) {
    is_missed_ = true;
    return;
  }
  const absl::Duration wait = WorkInRun();
  if (!session_->scheduler().has_tasks()) return End();
  if (!is_watched_) Watch();
  const bool is_missed = std::exchange(is_missed_, false);
  if (is_missed || wait == absl::ZeroDuration()) {
    AskForTurn();
  } else if (wait != absl::InfiniteDuration()) {
    AskForCallAt(absl::Now() + wait);
  }
}

absl::Duration GuestSession::WorkInRun() {
  is_at_work_ = true;
  run_.Exchange();
  if (cancel_reason_.has_value()) session_->root()->Cancel(*cancel_reason_);
  const absl::Duration wait = session_->scheduler().RunShare(*port_);
  run_.Exchange();
  is_at_work_ = false;
  return wait;
}

// `done`, which is called last, may destroy the GuestRun, and run the host's
// loop.
void GuestSession::End() {
  has_ended_ = true;
  Unwatch();
  const std::unique_ptr<GuestMain> main = std::move(main_);
  if (!refused_.ok()) return main->TellRefused(std::move(refused_));
  run_.Exchange();
  session_->scheduler().End();
  main->TakeResult();
  session_ = nullptr;
  run_.Exchange();
  main->TellResult();
}

GuestHandle::GuestHandle(RunOptions options, HostLoop& host,
                         std::unique_ptr<GuestMain> main)
    : session_(std::make_shared<GuestSession>(host, std::move(main))) {
  session_->Begin(std::move(options));
}

GuestHandle::~GuestHandle() {
  if (!session_->has_ended()) {
    Misuse(
        "a GuestRun was destroyed before its `done` was called: Cancel() it, "
        "and run the host's loop until then");
  }
}

void GuestHandle::Cancel(absl::string_view reason) { session_->Cancel(reason); }

absl::Status StatusOfMainsException() {
#if defined(__cpp_exceptions)
  try {
    throw;
  } catch (const std::exception& exception) {
    return absl::UnknownError(
        absl::StrCat("the main of a GuestRun has thrown: ", exception.what()));
  } catch (...) {  // NOLINT(bugprone-empty-catch): said below.
  }
#endif
  return absl::UnknownError(
      "the main of a GuestRun has thrown what is no std::exception");
}

}  // namespace creche::internal
