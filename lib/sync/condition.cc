// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/condition.h"

#include <cstddef>

#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"

namespace creche {

bool Condition::WaitOperation::SuspendIn(internal::Frame leaf) {
  if (lent_guard->lock_ != &condition_->lock_) {
    internal::Misuse(
        "Condition::Wait() was given a guard that does not hold the "
        "condition's lock");
  }
  internal::TaskRecord& task = *internal::running.task;
  if (task.UnwindsIfCancelled(leaf)) return true;
  task.WaitUnlessReady(leaf, *this);
  lent_guard->Release();
  return true;
}

// A task that is cancelled before it was notified must hold the lock before it
// is unwound; one that was notified before, and waits for the lock only, goes
// on with it.
Abort Condition::WaitOperation::OnCancel() {
  if (condition_->waiters_.Contains(*this)) {
    is_aborted = true;
    Lock& lock = condition_->lock_;
    if (!lock.is_locked_) {
      Leave();
      lock.GiveTo(*this);
      return Abort::kDone;
    }
    condition_->waiters_.Repark(*this, lock.waiters_);
  }
  return Abort::kPending;
}

void Condition::Notify(size_t n) {
  for (; n > 0 && !waiters_.empty(); --n) {
    auto& waiter = static_cast<Lock::Waiter&>(*waiters_.front());
    waiters_.Repark(waiter, lock_.waiters_);
    if (!lock_.is_locked_) lock_.HandOver();
  }
}

}  // namespace creche
