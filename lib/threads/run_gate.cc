// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/run_gate.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

// The newest message of a gate that is closed.
class ClosedMark final : public RunMessage {
 public:
  void Deliver() noexcept override {}
};
constinit ClosedMark closed_mark;

}  // namespace

RunGate::RunGate(Scheduler& scheduler) : scheduler_(&scheduler) {
  bell_.emplace(*this, scheduler);
}

bool RunGate::Send(RunMessage& message) {
  RunMessage* newest = newest_.load(std::memory_order_relaxed);
  do {
    if (newest == &closed_mark) return false;
    message.next_ = newest;
  } while (!newest_.compare_exchange_weak(
      newest, &message, std::memory_order_acq_rel, std::memory_order_relaxed));
  // From here on `message` may be gone.
  if (newest == nullptr) Ring();
  return true;
}

void RunGate::HandlesChanged() {
  if (is_own_thread()) {
    CountHandles();
  } else {
    Ring();
  }
}

void RunGate::CountHandles() {
  const bool is_expected = handles_ > 0;
  if (std::exchange(is_expected_, is_expected) == is_expected) return;
  if (is_expected) {
    scheduler().AddOutsideWaker();
  } else {
    scheduler().RemoveOutsideWaker();
  }
}

// The mutex keeps the run's end away while it is woken.
void RunGate::Ring() {
  if (is_ringing_.exchange(true)) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (bell_.has_value()) bell_->Post();
}

// The flag first: who sends after the exchange below rings anew.
void RunGate::Answer() {
  is_ringing_.exchange(false);
  CountHandles();
  DeliverAll(newest_.exchange(nullptr, std::memory_order_acq_rel));
}

void RunGate::DeliverAll(RunMessage* newest) {
  RunMessage* oldest = nullptr;
  while (newest != nullptr) {
    RunMessage* message = std::exchange(newest, newest->next_);
    message->next_ = std::exchange(oldest, message);
  }
  while (oldest != nullptr) {
    std::exchange(oldest, oldest->next_)->Deliver();
  }
  memory_.GiveBack();
}

void RunGate::Close() {
  DeliverAll(newest_.exchange(&closed_mark, std::memory_order_acq_rel));
  memory_.Clear();
  if (std::exchange(is_expected_, false)) scheduler().RemoveOutsideWaker();
  scheduler_ = nullptr;
  const std::lock_guard<std::mutex> lock(mutex_);
  bell_.reset();
}

}  // namespace creche::internal
