// SPDX-License-Identifier: Apache-2.0
//
// Checkpoint: where a task that computes lets others run, and can be cancelled.
//
//   for (const Block& block : blocks) {
//     Compress(block);
//     co_await creche::Checkpoint();
//   }

#ifndef CRECHE_CORE_CHECKPOINT_H_
#define CRECHE_CORE_CHECKPOINT_H_

#include <coroutine>

#include "creche/core/internal/task_record.h"

namespace creche {
namespace internal {

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
      running.task->Stop(leaf);
    } else {
      running.task->Yield(leaf, kKind == CheckpointKind::kPlain);
    }
    return true;
  }

  void await_resume() const {}
};

}  // namespace internal

// Lets every other runnable task run, and I/O and deadlines be looked at, then
// goes on, unless the task has been cancelled by then.
// Cancellation: safe.
inline auto Checkpoint() {
  return internal::CheckpointAwaiter<internal::CheckpointKind::kPlain>();
}

// A cancel point that costs nothing while the task is not cancelled: it lets
// nobody else run.
// Cancellation: safe.
inline auto CheckpointIfCancelled() {
  return internal::CheckpointAwaiter<internal::CheckpointKind::kIfCancelled>();
}

// Lets every other runnable task run, then goes on.
// Cancellation: shielded.
inline auto ShieldedCheckpoint() {
  return internal::CheckpointAwaiter<internal::CheckpointKind::kShielded>();
}

}  // namespace creche

#endif  // CRECHE_CORE_CHECKPOINT_H_
