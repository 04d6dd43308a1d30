// SPDX-License-Identifier: Apache-2.0
//
// Unwinder: destroys the frames of a cancelled task, innermost first.

#ifndef CRECHE_LIB_CORE_UNWINDER_H_
#define CRECHE_LIB_CORE_UNWINDER_H_

#include "creche/core/internal/continuation.h"
#include "creche/core/internal/promise.h"

namespace creche::internal {

// One frame at a time, from the leaf outwards, so that no depth of calls is too
// much for the native stack. (Destroying the outermost frame would destroy all,
// but recursively.) The frame that awaited a destroyed one no longer owns it.
class Unwinder {
 public:
  // Destroys `leaf`. Returns the frame to destroy next, or none where a
  // boundary, or an exception of a destructor, has ended the unwinding.
  static Frame Step(Frame leaf) {
    Continuation* continuation = leaf.promise->continuation();
    if (leaf.handle && !leaf.promise->DestroySuspended(leaf.handle)) return {};
    continuation->awaited_ = {};
    if (!continuation->is_boundary()) return continuation->awaiting();
    return static_cast<HookedContinuation*>(continuation)->OnUnwound();
  }
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_UNWINDER_H_
