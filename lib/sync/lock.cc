// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/lock.h"

#include "creche/core/internal/misuse.h"

namespace creche {

void Lock::GiveTo(Waiter& waiter) {
  is_locked_ = true;
  owner_ = waiter.task().id();
  if (waiter.lent_guard != nullptr) waiter.lent_guard->lock_ = this;
}

void Lock::HandOver() {
  auto& next = static_cast<Waiter&>(*waiters_.front());
  GiveTo(next);
  if (next.is_aborted) {
    waiters_.UnparkAborted(next);
  } else {
    waiters_.Unpark(next);
  }
}

void Lock::AcquiredByOwner() {
  internal::Misuse(
      "Lock::Acquire() was awaited by the task that holds the lock already: it "
      "would wait for itself for ever");
}

}  // namespace creche
