// SPDX-License-Identifier: Apache-2.0
//
// MoveOnAfter/At and FailAfter/At: a body that must finish in time.
//
//   std::optional<Quote> quote =
//       co_await creche::MoveOnAfter(absl::Seconds(2), FetchQuote());
//   absl::StatusOr<Page> page =
//       co_await creche::FailAfter(absl::Seconds(5), FetchPage(url));
//
// When these return, the body has ended: a timeout never leaves work behind.

#ifndef CRECHE_CORE_TIMEOUTS_H_
#define CRECHE_CORE_TIMEOUTS_H_

#include <utility>

#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/timeout_awaiter.h"

namespace creche {

// Runs `body` (a Task, another awaitable, or a callable that returns one) and
// cancels it after `timeout`, counted from the co_await, or at `deadline` on
// the run's clock. co_await gives Completed<R>: the body's result, or none if
// it was cancelled. A timeout that is not positive cancels the body at its
// first checkpoint. Exceptions pass.
//
// Cancellation: same as `body`. Not a checkpoint by itself.
template <typename Body>
auto MoveOnAfter(absl::Duration timeout, Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::WithTimeLimit<internal::MoveOnAwaiter>(
      timeout, std::forward<Body>(body));
}
template <typename Body>
auto MoveOnAt(absl::Time deadline, Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::WithTimeLimit<internal::MoveOnAwaiter>(
      deadline, std::forward<Body>(body));
}

// The same, but co_await gives StatusOrOf<R>: the body's result, its own error
// included, or kDeadlineExceeded (IsTimeout) if it was cancelled.
//
// Cancellation: same as `body`. Not a checkpoint by itself.
// Errors: kDeadlineExceeded: the body did not finish in time.
template <typename Body>
auto FailAfter(absl::Duration timeout, Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::WithTimeLimit<internal::FailAwaiter>(
      timeout, std::forward<Body>(body));
}
template <typename Body>
auto FailAt(absl::Time deadline, Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::WithTimeLimit<internal::FailAwaiter>(
      deadline, std::forward<Body>(body));
}

}  // namespace creche

#include "creche/core/internal/timeouts_inl.h"

#endif  // CRECHE_CORE_TIMEOUTS_H_
