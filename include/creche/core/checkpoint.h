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

#include "creche/core/internal/checkpoint_awaiter.h"

namespace creche {

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
