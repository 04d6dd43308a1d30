// SPDX-License-Identifier: Apache-2.0
//
// CheckpointAwaiter: what Checkpoint() and its kind give to co_await.

#ifndef CRECHE_CORE_INTERNAL_CHECKPOINT_AWAITER_H_
#define CRECHE_CORE_INTERNAL_CHECKPOINT_AWAITER_H_

#include "creche/core/internal/continuation.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {

enum class CheckpointKind { kPlain, kIfCancelled, kShielded };

template <CheckpointKind kKind>
class [[nodiscard]] CheckpointAwaiter {
 public:
  using CrecheAwaitable = void;

  CheckpointAwaiter() {}  // NOLINT: an aggregate would be destroyed twice.

  bool await_ready() const {
    if (kKind != CheckpointKind::kIfCancelled) return false;
    if (running.watchers != nullptr) [[unlikely]] {
      CancelPointWatcher::TellAll();
    }
    return !running.task->is_cancelled();
  }

  bool SuspendIn(Frame leaf) const {
    if constexpr (kKind == CheckpointKind::kIfCancelled) {
      running.task->UnwindFrom(leaf);
    } else {
      running.task->Yield(leaf, kKind == CheckpointKind::kPlain);
    }
    return true;
  }

  void await_resume() const {}
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CHECKPOINT_AWAITER_H_
