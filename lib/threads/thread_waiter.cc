// SPDX-License-Identifier: Apache-2.0

#include "creche/threads/internal/thread_waiter.h"

#include <chrono>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/threads/internal/thread_channel_state.h"
#include "lib/core/scheduler.h"
#include "lib/threads/run_gate.h"
#include "lib/threads/run_threads.h"

namespace creche::internal {
namespace {

// More than this is for ever: a time that far off may not be representable.
constexpr absl::Duration kLongest = absl::Hours(24 * 365);

}  // namespace

void CheckMayBlock(const char* what) {
  if (running.scheduler == nullptr) return;
  Misuse(absl::StrCat(what,
                      "() was called on a run's thread, and would block all of "
                      "its tasks: co_await what waits instead"));
}

absl::Status BlockedForTooLong(const char* what, absl::Duration timeout) {
  return TimeoutError(absl::StrCat(what, ": nobody was there within ",
                                   absl::FormatDuration(timeout)));
}

void BlockedThread::Wait(std::unique_lock<std::mutex>& lock,
                         absl::Duration at_most) {
  const auto is_completed = [this] { return !is_waiting; };
  if (at_most > kLongest) {
    completed_.wait(lock, is_completed);
  } else {
    completed_.wait_until(
        lock,
        std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(at_most),
        is_completed);
  }
}

WaitingTask::WaitingTask(void* i)
    : ThreadWaiter(i),
      gate_(RunThreads::Current().gate()),
      task_(*running.task) {}

WaitingTask::~WaitingTask() = default;

void WaitingTask::StartWaiting() { running.scheduler->AddOutsideWaker(); }

void WaitingTask::StopWaiting() { running.scheduler->RemoveOutsideWaker(); }

// From the moment when the message is sent, this may be gone, and the run over.
void WaitingTask::Wake() {
  const std::shared_ptr<RunGate> gate = gate_;
  if (gate->is_own_thread()) {
    Deliver();
  } else {
    gate->Send(*this);
  }
}

void WaitingTask::Deliver() noexcept {
  StopWaiting();
  task_.Wake();
}

}  // namespace creche::internal
