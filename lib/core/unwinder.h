// SPDX-License-Identifier: Apache-2.0
//
// Unwinder: destroys the frames of a cancelled task, innermost first.

#ifndef CRECHE_LIB_CORE_UNWINDER_H_
#define CRECHE_LIB_CORE_UNWINDER_H_

#include "creche/core/internal/continuation.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"

namespace creche::internal {

// One frame at a time, from the leaf outwards, so that no depth of calls is too
// much for the native stack. (Destroying the outermost frame would destroy all,
// but recursively.) The frame that awaited a destroyed one no longer owns it.
class Unwinder {
 public:
  // Destroys `leaf` and the frames that await it, until a boundary, or an
  // exception of a destructor, has the task do something else. (Not inlined:
  // the scheduler's loop would keep less in registers.)
  [[gnu::noinline]] static void UnwindFrom(Frame leaf) {
    running.frame = {};
    while (leaf) leaf = Step(leaf);
  }

 private:
  // Destroys `leaf`. Returns the frame to destroy next, or none where a
  // boundary, or an exception of a destructor, has ended the unwinding.
  static Frame Step(Frame leaf) {
    PromiseBase& promise = leaf.promise();
    Continuation& continuation = *promise.continuation();
    const bool is_hooked = promise.HasHook(Hooks::kUnwinding);
    if (leaf.is_coroutine() && !promise.DestroySuspended(leaf.coroutine())) {
      return {};
    }
    continuation.awaited_ = {};
    if (!is_hooked) return continuation.awaiting();
    return static_cast<HookedContinuation&>(continuation).OnUnwound();
  }
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_UNWINDER_H_
