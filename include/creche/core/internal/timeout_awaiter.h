// SPDX-License-Identifier: Apache-2.0
//
// MoveOnAwaiter, FailAwaiter: a body with a time limit.

#ifndef CRECHE_CORE_INTERNAL_TIMEOUT_AWAITER_H_
#define CRECHE_CORE_INTERNAL_TIMEOUT_AWAITER_H_

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/scoped_awaiter.h"
#include "creche/core/results.h"

namespace creche::internal {

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
  // Inlined, since compilers do not see that most bodies have one caller.
  [[gnu::always_inline]] bool SuspendIn(Frame awaiting) {
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

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_TIMEOUT_AWAITER_H_
