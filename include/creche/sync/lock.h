// SPDX-License-Identifier: Apache-2.0
//
// Lock: mutual exclusion between tasks, across co_await.
//
//   creche::Lock lock;
//
//   creche::LockGuard guard = co_await lock.Acquire();
//   co_await creche::Try(connection.SendAll(request));
//   co_await creche::Try(connection.ReceiveExactly(reply));
//   // `guard` releases the lock, also if this task is cancelled.
//
// Between two co_awaits no other task runs: what needs no co_await inside needs
// no lock.

#ifndef CRECHE_SYNC_LOCK_H_
#define CRECHE_SYNC_LOCK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"

namespace creche {

class Condition;
class Lock;

// The right to be inside: a lock is held exactly as long as its guard lives. In
// a frame, the guard goes when the task does, so that no task can end and leave
// a lock behind. A guard may be moved, also into another task or out of all
// frames: the task whose code has moved it last counts as the owner.
class [[nodiscard]] LockGuard {
 public:
  LockGuard(LockGuard&& other) noexcept
      : lock_(std::exchange(other.lock_, nullptr)) {
    AdoptOwnership();
  }
  LockGuard& operator=(LockGuard&& other) noexcept {
    if (this != &other) {
      Release();
      lock_ = std::exchange(other.lock_, nullptr);
      AdoptOwnership();
    }
    return *this;
  }
  ~LockGuard() { Release(); }

  // Releases the lock before the guard goes. Has no effect the second time.
  void Release();

  // False once released, moved from, or lent to Condition::Wait().
  bool is_held() const { return lock_ != nullptr; }

 private:
  friend class Condition;
  friend class Lock;

  explicit LockGuard(Lock* lock) : lock_(lock) {}
  void AdoptOwnership();

  Lock* lock_;
};

// Order: first come, first served. Releasing makes the task that has waited
// longest the owner before it runs, so that nobody can get in between.
class Lock {
 public:
  class AcquireOperation;
  // What statistics() counts.
  struct Statistics {
    bool is_locked = false;
    size_t tasks_waiting = 0;
  };

  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  // Aborts if the lock is held.
  ~Lock() {
    if (is_locked_) [[unlikely]]
      internal::Misuse("a Lock was destroyed while it is held");
  }

  // Suspends until the lock is free; gives a LockGuard. A task that awaits this
  // while it is the owner would wait for itself: that aborts the process.
  // Cancellation: safe.
  AcquireOperation Acquire();

  // The same without waiting; nullopt if the lock is held, by whomever.
  std::optional<LockGuard> TryAcquire() {
    if (is_locked_) return std::nullopt;
    TakeOwnership();
    return LockGuard(this);
  }

  // By whomever.
  bool is_locked() const { return is_locked_; }

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {is_locked_, waiters_.size()}; }

 private:
  friend class Condition;
  friend class LockGuard;

  // What waits in `waiters_`.
  struct Waiter : Parked {
    LockGuard* lent_guard = nullptr;  // Of a Condition::Wait().
    bool is_aborted = false;          // Unwind when it holds the lock again.
  };

  void TakeOwnership() {
    is_locked_ = true;
    owner_ = RunningTask();
  }
  static std::uint64_t RunningTask() {
    const internal::TaskRecord* task = internal::running.task;
    return task != nullptr ? task->id() : 0;
  }
  void CheckNotOwner() const {
    if (owner_ == RunningTask()) [[unlikely]]
      AcquiredByOwner();
  }
  [[noreturn]] static void AcquiredByOwner();
  void Release() {
    if (waiters_.empty()) [[likely]] {
      is_locked_ = false;
    } else {
      HandOver();
    }
  }
  void GiveTo(Waiter& waiter);
  void HandOver();  // Requires: a task waits.

  bool is_locked_ = false;
  std::uint64_t owner_ = 0;  // The id of a task, or 0, while locked.
  ParkingLot waiters_;
};

class [[nodiscard]] Lock::AcquireOperation
    : public ParkingOperation<AcquireOperation, Lock::Waiter> {
 public:
  static constexpr const char* kName = "Lock::Acquire";

  explicit AcquireOperation(Lock* lock) : lock_(lock) {}

  bool TryComplete() {
    if (lock_->is_locked_) {
      lock_->CheckNotOwner();
      return false;
    }
    lock_->TakeOwnership();
    return true;
  }
  ParkingLot& lot() const { return lock_->waiters_; }
  LockGuard await_resume() { return LockGuard(lock_); }

 private:
  Lock* lock_;
};

inline Lock::AcquireOperation Lock::Acquire() { return AcquireOperation(this); }

inline void LockGuard::AdoptOwnership() {
  if (lock_ != nullptr) lock_->owner_ = Lock::RunningTask();
}

inline void LockGuard::Release() {
  if (Lock* lock = std::exchange(lock_, nullptr)) lock->Release();
}

}  // namespace creche

#endif  // CRECHE_SYNC_LOCK_H_
