// SPDX-License-Identifier: Apache-2.0
//
// FirstSuccess: several ways to the same, of which one is enough.
//
//   // A request to one replica, and a little later to another.
//   auto second = [&]() -> creche::Task<absl::StatusOr<Reply>> {
//     co_await creche::SleepFor(absl::Milliseconds(50));
//     co_return co_await Ask(replicas[1]);
//   };
//   Reply reply =
//       co_await creche::Try(creche::FirstSuccess(Ask(replicas[0]), second));
//
// If every outcome counts, use Race() or WhenAll() (core/combinators.h).

#ifndef CRECHE_CORE_FIRST_SUCCESS_H_
#define CRECHE_CORE_FIRST_SUCCESS_H_

#include <vector>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"

namespace creche {

// Runs all `bodies` (Tasks, other awaitables, or callables that return one; all
// with the same type of result) as children of a nursery of their own. The
// first that completes without an error cancels the others; FirstSuccess()
// waits for them, and drops what they give. co_await gives StatusOrOf<R>: the
// first success, even if FirstSuccess() itself is cancelled by then; or, if all
// have failed, all errors, in the order of the bodies (see Errors() in
// core/error_group.h).
//
// Exceptions: if a body throws, it cancels the others and an ExceptionGroup is
//   thrown.
// Cancellation: as of the bodies, while none has succeeded.
template <typename... Bodies>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto FirstSuccess(
    Bodies&&... bodies);

// The same for any number of tasks of one type. Of none, it gives an error
// (kInvalidArgument).
// Cancellation: as of the tasks, likewise.
template <typename T>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto FirstSuccess(
    std::vector<Task<T>> tasks);

}  // namespace creche

#include "creche/core/internal/first_success_inl.h"

#endif  // CRECHE_CORE_FIRST_SUCCESS_H_
