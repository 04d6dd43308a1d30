// SPDX-License-Identifier: Apache-2.0
//
// TryAwaiter, TryValue: what Try() gives to co_await.

#ifndef CRECHE_CORE_INTERNAL_TRY_AWAITER_H_
#define CRECHE_CORE_INTERNAL_TRY_AWAITER_H_

#include <coroutine>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/awaiting_body.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/task.h"

namespace creche::internal {

// Ends the coroutine that awaits, early.
template <typename P>
void CompleteWithError(PromiseBase& base, const absl::Status& error) {
  using Result = typename P::Value;
  if constexpr (kIsStatusLike<Result>) {
    auto& promise = static_cast<P&>(base);
    promise.ReturnEarly(Result(error));
    promise.Complete();
  } else {
    static_assert(kIsStatusLike<Result>,
                  "creche: Try() ends the enclosing coroutine with an "
                  "absl::Status, so that coroutine must return "
                  "Task<absl::Status> or Task<absl::StatusOr<T>>");
  }
}

// What Try() has no overload for.
template <typename T>
concept IsNotTried = !TaskAwaitable<T> && !kIsStatusLike<T> &&
                     !std::is_convertible_v<T, absl::Status>;

template <typename S>
struct UnwrappedImpl;
template <>
struct UnwrappedImpl<absl::Status> {
  using Type = void;
};
template <typename T>
struct UnwrappedImpl<absl::StatusOr<T>> {
  using Type = T;
};
template <typename S>
using Unwrapped = typename UnwrappedImpl<S>::Type;

// Try(status) and Try(status_or).
template <typename S>
class [[nodiscard]] TryValue {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit TryValue(S value) : value_(std::move(value)) {}

  bool await_ready() const { return value_.ok(); }

  template <typename P>
  void await_suspend(std::coroutine_handle<P> parent) {
    CompleteWithError<P>(parent.promise(), StatusOf(value_));
  }

  Unwrapped<S> await_resume() {
    if constexpr (kIsStatusOr<S>) return *std::move(value_);
  }

 private:
  S value_;
};

// Try(awaitable).
template <typename Awaitable>
class [[nodiscard]] TryAwaiter
    : public AwaitingBody<Awaitable, Hooked<Hooks::kCompletion>> {
  using Base = AwaitingBody<Awaitable, Hooked<Hooks::kCompletion>>;
  using Result = BodyResult<Awaitable>;

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit TryAwaiter(AsyncBody<Awaitable>&& body) : Base(std::move(body)) {}

  bool await_ready() const { return false; }

  template <typename P>
  bool await_suspend(std::coroutine_handle<P> parent) {
    this->awaiting_ = Frame(parent);
    complete_with_error_ = &CompleteWithError<P>;
    return !this->StartBody() || EndsAwaiting();
  }

  Unwrapped<Result> await_resume() {
    if constexpr (kIsStatusOr<Result>) {
      return *this->TakeResult();
    } else {
      this->TakeResult().IgnoreError();
    }
  }

  Frame OnCompleted() override {
    if (!EndsAwaiting()) PromiseBase::Resume(this->awaiting_);
    return {};
  }

  Frame OnUnwound() override { return this->awaiting_; }

 private:
  // An exception counts: it is rethrown where the coroutine goes on.
  bool Succeeded() {
    this->EndBody();
    const Promise<Result>& body = this->awaited_promise();
    return body.state() == PromiseBase::State::kException || body.value().ok();
  }

  // Ends the coroutine that awaits, if the body has failed. The body goes
  // first: in a long chain of Try() the destruction of the outermost frame must
  // not be that of all the others. It may turn its error into an exception
  // meanwhile.
  bool EndsAwaiting() {
    if (Succeeded()) return false;
    const absl::Status error = StatusOf(this->awaited_promise().value());
    if (!this->DestroyAwaited()) return false;
    complete_with_error_(this->awaiting_.promise(), error);
    return true;
  }

  void (*complete_with_error_)(PromiseBase&, const absl::Status&) = nullptr;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_TRY_AWAITER_H_
