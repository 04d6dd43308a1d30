// SPDX-License-Identifier: Apache-2.0
//
// ParkingLot: a fair queue of waiting tasks, from which other primitives are
// made.
//
//   class Gate {
//    public:
//     auto Wait() { return waiters_.Park(); }
//     void Open() { waiters_.UnparkAll(); }
//
//    private:
//     creche::ParkingLot waiters_;
//   };
//
// An operation that can also complete without waiting, or that is given
// something when it is woken, is a ParkingOperation (core/parking_operation.h).

#ifndef CRECHE_CORE_PARKING_LOT_H_
#define CRECHE_CORE_PARKING_LOT_H_

#include <cstddef>

#include "creche/core/internal/contest.h"
#include "creche/core/internal/forward.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/wait_context.h"

namespace creche {

class ParkingLot;

// A task's place in a lot. The base class of awaitables, which live in the
// frame of the task that waits; what they hold besides is what can be handed to
// that task before it is woken.
class Parked : public internal::ListLink<internal::ParkedTasks>,
               public internal::Entrant {
 public:
  // Not woken yet, and not cancelled.
  bool is_parked() const { return is_linked(); }

 protected:
  Parked() = default;
  // An awaitable can be moved until it is awaited.
  Parked(Parked&&) noexcept : Parked() {}
  ~Parked() = default;

  // Joins the end of `lot`.
  void Enter(ParkingLot& lot, const WaitContext& context);

  // Leaves the lot: what was waited for did not happen.
  void Leave();

 private:
  friend class ParkingLot;

  ParkingLot* lot_;  // Since Enter().
};

// Aborts if it is destroyed while tasks are parked in it, and where one of them
// is to be woken outside of its run or on another thread.
// Order: first parked, first unparked.
class ParkingLot {
 public:
  ParkingLot() = default;
  ParkingLot(const ParkingLot&) = delete;
  ParkingLot& operator=(const ParkingLot&) = delete;
  ~ParkingLot() {
    if (!empty()) [[unlikely]]
      DestroyedWithTasks();
  }

  // Suspends until unparked. `what` names the wait in the task tree and must be
  // a string literal. Never completes at once.
  // Cancellation: safe. The task leaves the lot at once, in O(1).
  internal::ParkAwaiter Park(const char* what = "ParkingLot::Park");

  // Wakes the `n` tasks that have waited longest, or all if there are fewer.
  // Returns how many.
  size_t Unpark(size_t n = 1);
  size_t UnparkAll() {
    size_t count = 0;
    for (; !empty(); ++count) Unpark(*front());
    return count;
  }

  // Moves the `n` tasks that have waited longest to the end of `other`, in
  // their order. Returns how many.
  size_t Repark(ParkingLot& other, size_t n = 1);

  // How many tasks are parked here.
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // For primitives that hand something over: the task that has waited longest,
  // and the one after another; nullptr if there is none.
  Parked* front() const { return parked_.front(); }
  Parked* after(const Parked& parked) const { return parked_.after(&parked); }
  bool Contains(const Parked& parked) const {
    return parked.is_parked() && parked.lot_ == this;
  }

  // Wakes one task, out of turn if need be. It must be parked here.
  void Unpark(Parked& parked) {
    Remove(parked);
    parked.Win();
  }

  // The same for a task whose abort function has answered Abort::kPending: it
  // is unwound.
  void UnparkAborted(Parked& parked) {
    Remove(parked);
    parked.task().WakeAborted();
  }

  // Moves one task to the end of `other`. It must be parked here.
  void Repark(Parked& parked, ParkingLot& other) {
    parked.task().CheckIsOfThisRun();
    Remove(parked);
    other.PushBack(parked);
  }

 private:
  friend class Parked;

  void PushBack(Parked& parked) {
    parked.lot_ = this;
    parked_.PushBack(&parked);
    ++size_;
  }
  void Remove(Parked& parked) {
    parked.Unlink();
    --size_;
  }
  [[noreturn]] static void DestroyedWithTasks();

  internal::IntrusiveList<Parked, internal::ParkedTasks> parked_;
  size_t size_ = 0;
};

}  // namespace creche

#include "creche/core/internal/parking_lot_inl.h"

#endif  // CRECHE_CORE_PARKING_LOT_H_
