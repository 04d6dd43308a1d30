// SPDX-License-Identifier: Apache-2.0
//
// Suspend(): the awaiter.

#ifndef CRECHE_CORE_INTERNAL_SUSPEND_INL_H_
#define CRECHE_CORE_INTERNAL_SUSPEND_INL_H_

#include <type_traits>
#include <utility>

#include "creche/core/abort.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/kept_callable.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/task_record.h"

namespace creche {
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
    if (task.UnwindsIfCancelled(leaf)) return true;
    task.Wait(leaf, *this);
    start_(Waker(&task));
    // `start_` may have cancelled the very scope the task stands in.
    if (task.is_cancelled()) task.RequestAbort();
    return true;
  }

  void await_resume() const {}

  const char* wait_name() const { return what_; }
  Abort OnCancel() { return abort_(); }

 private:
  KeptCallable<Start> start_;
  KeptCallable<AbortFunction> abort_;
  const char* what_;
};

}  // namespace internal

template <typename Start, typename AbortFunction>
internal::SuspendAwaiter<Start, AbortFunction> Suspend(Start&& start,
                                                       AbortFunction&& abort,
                                                       const char* what) {
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

#endif  // CRECHE_CORE_INTERNAL_SUSPEND_INL_H_
