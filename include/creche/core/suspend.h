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

#include <coroutine>
#include <type_traits>
#include <utility>

#include "creche/core/abort.h"
#include "creche/core/internal/kept_callable.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/task_record.h"

namespace creche {
namespace internal {

template <typename Start, typename AbortFunction>
class SuspendAwaiter;

}  // namespace internal

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

namespace internal {

template <typename Start, typename AbortFunction>
class [[nodiscard]] SuspendAwaiter {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  SuspendAwaiter(Start&& start, AbortFunction&& abort, const char* what)
      : start_(std::forward<Start>(start)),
        abort_(std::forward<AbortFunction>(abort)),
        what_(what) {}

  bool await_ready() const { return false; }

  bool SuspendIn(Frame leaf) {
    TaskRecord& task = *running.task;
    if (task.is_cancelled()) {
      task.Stop(leaf);
      return true;
    }
    task.Wait(leaf, &CallAbort, this, what_);
    start_(Waker(&task));
    // `start_` may have cancelled the very scope the task stands in.
    if (task.is_cancelled()) task.RequestAbort();
    return true;
  }

  void await_resume() const {}

 private:
  static Abort CallAbort(void* self) {
    return static_cast<SuspendAwaiter*>(self)->abort_();
  }

  KeptCallable<Start> start_;
  KeptCallable<AbortFunction> abort_;
  const char* what_;
};

}  // namespace internal

// co_await Suspend(start, abort[, what]) parks the task: calls `start(waker)`,
// which arranges for the Waker to be used (at once, if it likes), and waits for
// that. `abort()` is called at most once, when the task is cancelled while it
// waits. If the task is cancelled already, neither is called. Both run on the
// task's thread, must not throw, and are kept alive until the wait has ended.
// `what` names the wait in the task tree; it must be a string literal.
//
// Cancellation: as `abort` decides. Always a schedule point.
template <typename Start, typename AbortFunction>
internal::SuspendAwaiter<Start, AbortFunction> Suspend(
    Start&& start, AbortFunction&& abort, const char* what = "Suspend") {
  CRECHE_REQUIRE_SAFE_CLOSURE(Start);
  CRECHE_REQUIRE_SAFE_CLOSURE(AbortFunction);
  static_assert(std::is_invocable_v<Start&, Waker>,
                "creche: Suspend's first argument is called with a Waker");
  static_assert(std::is_invocable_r_v<Abort, AbortFunction&>,
                "creche: Suspend's second argument is called without arguments "
                "and returns creche::Abort");
  return internal::SuspendAwaiter<Start, AbortFunction>(
      std::forward<Start>(start), std::forward<AbortFunction>(abort), what);
}

}  // namespace creche

#endif  // CRECHE_CORE_SUSPEND_H_
