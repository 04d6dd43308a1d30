// SPDX-License-Identifier: Apache-2.0
//
// BudgetedCheckpoint, AfterCheckpoint: make a checkpoint of a coroutine that
// may complete without waiting.
//
//   Task<absl::StatusOr<std::string>> ReadLine() {
//     co_await internal::BudgetedCheckpoint();
//     ...  // What is buffered may be enough.
//   }

#ifndef CRECHE_CORE_INTERNAL_BUDGETED_CHECKPOINT_H_
#define CRECHE_CORE_INTERNAL_BUDGETED_CHECKPOINT_H_

#include <coroutine>

#include "absl/status/status.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"

namespace creche::internal {

// A cancel point always, and a schedule point when the task has used up its
// budget of operations that complete at once (SpendOperation()). While there
// is budget left, it costs a decrement and two comparisons.
//
// Await it before the operation has any effect: a task that is unwound here has
// done nothing. An operation that waits afterwards may await this all the same.
class [[nodiscard]] BudgetedCheckpoint {
 public:
  using CrecheAwaitable = void;

  BudgetedCheckpoint() {}  // NOLINT: an aggregate would be destroyed twice.

  bool await_ready() const { return SpendOperation(); }

  bool SuspendIn(Frame leaf) const {
    running.task->Yield(leaf, /*cancellable=*/true);
    return true;
  }

  void await_resume() const {}
};

// `status`, after a BudgetedCheckpoint(). For an operation that ends before it
// has begun: what it was asked is impossible, or nothing.
inline Task<absl::Status> AfterCheckpoint(absl::Status status) {
  co_await BudgetedCheckpoint();
  co_return status;
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_BUDGETED_CHECKPOINT_H_
