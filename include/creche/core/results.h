// SPDX-License-Identifier: Apache-2.0
//
// StatusOrOf, Completed: how the result of a body is wrapped where it can end
// with an error, or without a result.
//
//   creche::StatusOrOf<int> in_time =  // absl::StatusOr<int>
//       co_await creche::FailAfter(limit, Count());
//   creche::Completed<int> if_completed =  // std::optional<int>
//       co_await creche::MoveOnAfter(limit, Count());

#ifndef CRECHE_CORE_RESULTS_H_
#define CRECHE_CORE_RESULTS_H_

#include "creche/core/internal/status_traits.h"

namespace creche {

// The result of something that runs a body whose result is R:
//   void -> absl::Status, absl::Status -> absl::Status,
//   absl::StatusOr<T> -> absl::StatusOr<T>, other T -> absl::StatusOr<T>.
template <typename R>
using StatusOrOf = typename internal::StatusOrOfImpl<R>::Type;

// The result of a body that may have been cancelled instead:
//   void -> bool, other T -> std::optional<T>.
template <typename R>
using Completed = typename internal::CompletedImpl<R>::Type;

}  // namespace creche

#endif  // CRECHE_CORE_RESULTS_H_
