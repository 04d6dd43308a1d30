// SPDX-License-Identifier: Apache-2.0
//
// ParkingLot: a fair queue of waiting tasks, from which other primitives are
// made.
//
//   class Gate {
//    public:
//     auto Wait() { return waiters_.Park(); }
//     void Open() { waiters_.UnparkAll(); }
//    private:
//     creche::ParkingLot waiters_;
//   };

#ifndef CRECHE_CORE_PARKING_LOT_H_
#define CRECHE_CORE_PARKING_LOT_H_

#include <coroutine>
#include <cstddef>

#include "creche/internal/intrusive_list.h"
#include "creche/internal/task_record.h"

namespace creche {

class ParkingLot;

namespace internal {

struct ParkedTasks;  // Tag: the tasks parked in a lot.

// A parked task; lives in its frame.
class [[nodiscard]] ParkAwaiter : public ListLink<ParkedTasks> {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  ParkAwaiter(ParkingLot* lot, const char* what) : lot_(lot), what_(what) {}
  ParkAwaiter(ParkAwaiter&& other) noexcept
      : ParkAwaiter(other.lot_, other.what_) {}

  bool await_ready() const { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    ParkIn(Frame{handle, &handle.promise()});
  }
  void await_resume() const {}

 private:
  friend class creche::ParkingLot;

  void ParkIn(const Frame& leaf);
  static Abort CallAbort(void* self);

  ParkingLot* lot_;
  TaskRecord* task_ = nullptr;
  const char* what_;
};

}  // namespace internal

// Order: first parked, first unparked.
class ParkingLot {
 public:
  ParkingLot() = default;
  ParkingLot(const ParkingLot&) = delete;
  ParkingLot& operator=(const ParkingLot&) = delete;
  ~ParkingLot();  // Requires: no task is parked here.

  // Suspends until unparked. `what` names the wait in the task tree and must be
  // a string literal. Never completes at once.
  // Cancellation: safe. The task leaves the lot at once, in O(1).
  internal::ParkAwaiter Park(const char* what = "ParkingLot::Park") {
    return internal::ParkAwaiter(this, what);
  }

  // Wakes the `n` tasks that have waited longest, or all if there are fewer.
  // Returns how many.
  size_t Unpark(size_t n = 1);
  size_t UnparkAll();

  // Moves the `n` tasks that have waited longest to the end of `other`, in
  // their order. Returns how many.
  size_t Repark(ParkingLot& other, size_t n = 1);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  friend class internal::ParkAwaiter;

  internal::IntrusiveList<internal::ParkAwaiter, internal::ParkedTasks> parked_;
  size_t size_ = 0;
};

}  // namespace creche

#endif  // CRECHE_CORE_PARKING_LOT_H_
