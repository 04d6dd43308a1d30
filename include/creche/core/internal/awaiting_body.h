// SPDX-License-Identifier: Apache-2.0
//
// AwaitingBody: the part of an awaitable that awaits a body: the coroutine that
// the body makes, or an operation where it is, without any coroutine.

#ifndef CRECHE_CORE_INTERNAL_AWAITING_BODY_H_
#define CRECHE_CORE_INTERNAL_AWAITING_BODY_H_

#include <exception>
#include <type_traits>
#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/promise.h"
#include "creche/core/task.h"

namespace creche::internal {

// `Base` is Hooked<...>.
template <typename Body, typename Base>
class AwaitingBody : public Awaiting<BodyResult<Body>, Base> {
 protected:
  explicit AwaitingBody(AsyncBody<Body>&& body) : body_(std::move(body)) {}
  AwaitingBody(AwaitingBody&& other) noexcept
      : AwaitingBody(std::move(other.body_)) {}
  ~AwaitingBody() = default;

  // Runs the body until it completes or waits. Returns true if it has
  // completed; otherwise this continuation will be told when it has.
  bool StartBody() {
    return this->StartAwaited(TaskAccess::Release(body_.MakeTask()));
  }

  // The body has completed: awaited_promise() has the result from here on.
  void EndBody() {}

 private:
  AsyncBody<Body> body_;
};

// The operation is awaited in a frame without a handle, whose promise is here.
template <typename Body, typename Base>
  requires SuspendsInFrame<std::remove_cvref_t<Body>>
class AwaitingBody<Body, Base> : public Base {
  using Result = BodyResult<Body>;

 protected:
  explicit AwaitingBody(AsyncBody<Body>&& body) : body_(std::move(body)) {}
  AwaitingBody(AwaitingBody&& other) noexcept
      : AwaitingBody(std::move(other.body_)) {}
  ~AwaitingBody() = default;

  bool StartBody() {
    promise_.set_continuation(this);
    return body_.awaitable().await_ready() ||
           !body_.awaitable().SuspendIn(Frame::WithoutCoroutine(promise_));
  }

  void EndBody() {
    if (promise_.is_done()) return;
    CRECHE_TRY {
      if constexpr (std::is_void_v<Result>) {
        body_.awaitable().await_resume();
        promise_.return_void();
      } else {
        promise_.return_value(body_.awaitable().await_resume());
      }
    }
    CRECHE_CATCH_ALL { promise_.unhandled_exception(); }
  }

  const Promise<Result>& awaited_promise() const { return promise_; }
  Result TakeResult() { return promise_.Take(); }
  bool DestroyAwaited() { return true; }

 private:
  AsyncBody<Body> body_;
  Promise<Result> promise_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_AWAITING_BODY_H_
