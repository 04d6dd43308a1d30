// SPDX-License-Identifier: Apache-2.0
//
// Suspend: the one way to park a task, for authors of new primitives.
//
//   // A one-shot callback API as an operation of a task.
//   creche::Task<int> Read(Device& device) {
//     int value = 0;
//     creche::Waker waker;
//     auto start = [&](creche::Waker w) {
//       waker = std::move(w);
//       device.OnData([&](int data) {
//         value = data;
//         waker.Wake();
//       });
//     };
//     auto abort = [&] {
//       device.Forget();
//       return creche::Abort::kDone;
//     };
//     co_await creche::Suspend(start, abort);
//     co_return value;
//   }
//
// A queue of waiting tasks is a ParkingLot (core/parking_lot.h).

#ifndef CRECHE_CORE_SUSPEND_H_
#define CRECHE_CORE_SUSPEND_H_

#include <utility>

#include "creche/core/abort.h"
#include "creche/core/internal/forward.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"

namespace creche {

// The right to end one wait of one task, once. Belongs to the thread of the
// task's run: using it elsewhere aborts. Using it twice, or after the abort
// function has said kDone, is a programming error and aborts the process where
// it can be seen. Destroying it does not wake the task.
class Waker {
 public:
  Waker() = default;
  Waker(Waker&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  Waker& operator=(Waker&& other) noexcept {
    task_ = std::exchange(other.task_, nullptr);
    return *this;
  }

  explicit operator bool() const { return task_ != nullptr; }

  // The operation has completed: the task becomes runnable. A cancellation that
  // comes later waits for the task's next checkpoint.
  void Wake() { Take().Wake(); }

  // The operation was aborted and did not happen: the task is unwound.
  // Requires: the abort function has answered Abort::kPending.
  void Aborted() { Take().WakeAborted(); }

 private:
  template <typename Start, typename AbortFunction>
  friend class internal::SuspendAwaiter;

  explicit Waker(internal::TaskRecord* task) : task_(task) {}
  internal::TaskRecord& Take();

  internal::TaskRecord* task_ = nullptr;
};

// co_await Suspend(start, abort[, what]) parks the task: calls `start(waker)`,
// which arranges for the Waker to be used (at once, if it likes), and waits for
// that. `abort()` is called at most once, when the task is cancelled while it
// waits, and says whether the wait has ended: see core/abort.h. If the task is
// cancelled already, neither is called. Both run on the task's thread, must not
// throw, and are kept alive until the wait has ended. `what` names the wait in
// the task tree; it must be a string literal.
//
// Cancellation: as `abort` decides. Always a schedule point.
template <typename Start, typename AbortFunction>
internal::SuspendAwaiter<Start, AbortFunction> Suspend(
    Start&& start, AbortFunction&& abort, const char* what = "Suspend");

}  // namespace creche

#include "creche/core/internal/suspend_inl.h"

#endif  // CRECHE_CORE_SUSPEND_H_
