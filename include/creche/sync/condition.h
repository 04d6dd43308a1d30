// SPDX-License-Identifier: Apache-2.0
//
// Condition: waiting, inside a Lock, for others to change what it protects.
//
//   creche::Lock lock;
//   creche::Condition not_empty(lock);
//
//   creche::LockGuard guard = co_await lock.Acquire();
//   while (queue.empty()) co_await not_empty.Wait(guard);
//   // The lock is held: take from the queue.
//
// Where the values are passed on one by one, a channel (sync/channel.h) needs
// neither lock nor condition.

#ifndef CRECHE_SYNC_CONDITION_H_
#define CRECHE_SYNC_CONDITION_H_

#include <coroutine>
#include <cstddef>

#include "creche/core/abort.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/parking_lot.h"
#include "creche/core/wait_context.h"
#include "creche/sync/lock.h"

namespace creche {

class Condition {
 public:
  class WaitOperation;
  // What statistics() counts.
  struct Statistics {
    size_t tasks_waiting = 0;  // Those that have not been notified.
  };

  // `lock` must outlive the condition.
  explicit Condition(Lock& lock) : lock_(lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  ~Condition() = default;  // Requires: no task is waiting.

  // Releases the lock, suspends until notified, and acquires the lock again.
  // `guard` must hold this condition's lock; it holds it again when this
  // returns and when this is unwound. Always waits, so check what you wait for
  // before, and again afterwards: others may have held the lock in between.
  //
  // Cancellation: safe. The lock is acquired again first, which no cancellation
  // interrupts. A task that was notified before it was cancelled returns, and
  // is cancelled at its next checkpoint.
  // Lifetime: `guard` must stay where it is until this has ended.
  WaitOperation Wait(LockGuard& guard);

  // Lets the `n` tasks that have waited longest return from Wait(), one by one,
  // as the lock becomes theirs. Usually called with the lock held.
  // Order: first waiter first, behind those that wait for the lock already.
  void Notify(size_t n = 1);
  void NotifyAll() { Notify(waiters_.size()); }

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {waiters_.size()}; }

 private:
  Lock& lock_;
  ParkingLot waiters_;
};

class [[nodiscard]] Condition::WaitOperation : public Lock::Waiter {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  WaitOperation(Condition* condition, LockGuard* guard)
      : condition_(condition) {
    lent_guard = guard;
  }

  bool await_ready() const { return false; }
  bool SuspendIn(internal::Frame leaf);
  void await_resume() const {}

  bool TryComplete() const { return false; }
  void Enter(const WaitContext& context) {
    Waiter::Enter(condition_->waiters_, context);
  }
  const char* wait_name() const { return "Condition::Wait"; }
  Abort OnCancel();

 private:
  Condition* condition_;
};

inline Condition::WaitOperation Condition::Wait(LockGuard& guard) {
  return WaitOperation(this, &guard);
}

}  // namespace creche

#endif  // CRECHE_SYNC_CONDITION_H_
