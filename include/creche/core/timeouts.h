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

#include <coroutine>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/results.h"

namespace creche {
namespace internal {

// When a timeout is due: so long after entry, or at a point in time.
class TimeLimit {
 public:
  explicit TimeLimit(absl::Duration timeout)
      : is_relative_(true), limit_(ToNanoseconds(timeout)) {}
  explicit TimeLimit(absl::Time deadline)
      : is_relative_(false), limit_(ToNanoseconds(deadline)) {}

  void ApplyTo(CancelNode& scope) const {
    if (is_relative_) {
      scope.set_timeout(limit_);
    } else {
      scope.set_deadline(limit_);
    }
  }

  absl::Status Error() const;

 private:
  bool is_relative_;
  Nanoseconds limit_;
};

template <typename Body>
class TimeoutAwaiter : public ScopedAwaiter<Body> {
 public:
  bool SuspendIn(Frame awaiting) {
    limit_.ApplyTo(scope_);
    return this->RunIn(scope_, awaiting);
  }

 protected:
  TimeoutAwaiter(TimeLimit limit, AsyncBody<Body>&& body)
      : ScopedAwaiter<Body>(std::move(body)), limit_(limit) {}
  TimeoutAwaiter(TimeoutAwaiter&& other) noexcept
      : ScopedAwaiter<Body>(std::move(other)), limit_(other.limit_) {}
  ~TimeoutAwaiter() = default;

  const TimeLimit& limit() const { return limit_; }

 private:
  TimeLimit limit_;
  CancelNode scope_;
};

template <typename Body>
class [[nodiscard]] MoveOnAwaiter : public TimeoutAwaiter<Body> {
 public:
  MoveOnAwaiter(TimeLimit limit, AsyncBody<Body>&& body)
      : TimeoutAwaiter<Body>(limit, std::move(body)) {}

  Completed<BodyResult<Body>> await_resume() { return this->TakeCompleted(); }
};

template <typename Body>
class [[nodiscard]] FailAwaiter : public TimeoutAwaiter<Body> {
 public:
  FailAwaiter(TimeLimit limit, AsyncBody<Body>&& body)
      : TimeoutAwaiter<Body>(limit, std::move(body)) {}

  StatusOrOf<BodyResult<Body>> await_resume() {
    if (this->was_caught()) return this->limit().Error();
    if constexpr (std::is_void_v<BodyResult<Body>>) {
      this->TakeBodyResult();
      return absl::OkStatus();
    } else {
      return this->TakeBodyResult();
    }
  }
};

template <template <typename> typename Awaiter, typename Limit, typename Body>
Awaiter<Body> WithTimeLimit(Limit limit, Body&& body) {
  return Awaiter<Body>(TimeLimit(limit),
                       AsyncBody<Body>(std::forward<Body>(body)));
}

}  // namespace internal

// Runs `body` (a Task, another awaitable, or a callable that returns one) and
// cancels it after `timeout`, counted from the co_await, or at `deadline` on
// the run's clock. co_await gives Completed<R>: the body's result, or none if
// it was cancelled. A timeout that is not positive cancels the body at its
// first checkpoint. Exceptions pass.
//
// Cancellation: as of `body`. Not a checkpoint by itself.
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
// Cancellation: as of `body`. Not a checkpoint by itself.
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

#endif  // CRECHE_CORE_TIMEOUTS_H_
