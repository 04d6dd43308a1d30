// SPDX-License-Identifier: Apache-2.0
//
// AsyncBody: what the library runs under a scope: a Task or another awaitable,
// or a callable that returns one.

#ifndef CRECHE_CORE_INTERNAL_ASYNC_BODY_H_
#define CRECHE_CORE_INTERNAL_ASYNC_BODY_H_

#include <type_traits>
#include <utility>

#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/kept_callable.h"
#include "creche/core/internal/promise.h"
#include "creche/core/task.h"

namespace creche::internal {

// A callable without arguments.
template <typename F>
class AsyncBody {
 public:
  static_assert(std::is_invocable_v<F>,
                "creche: a body is a Task, another awaitable of creche, or a "
                "callable without arguments that returns one");
  using Awaitable = CallResult<F>;
  static_assert(TaskAwaitable<Awaitable>,
                "creche: the callable given as a body must return a Task or "
                "another awaitable of creche (is it a coroutine with the "
                "return type creche::Task<...>?)");
  using Result = AwaitResult<Awaitable>;

  explicit AsyncBody(F&& f) : f_(std::forward<F>(f)) {}

  CRECHE_CORO_WRAPPER Task<Result> MakeTask() {
    return AsTask(internal::Call(std::forward<F>(f_)));
  }

 private:
  KeptCallable<F> f_;
};

// An awaitable.
template <typename F>
  requires TaskAwaitable<std::remove_cvref_t<F>>
class AsyncBody<F> {
 public:
  static_assert(!std::is_lvalue_reference_v<F>,
                "creche: a Task is awaited once, as an rvalue: pass "
                "std::move(task)");
  using Awaitable = std::remove_cvref_t<F>;
  using Result = AwaitResult<Awaitable>;

  explicit AsyncBody(F&& awaitable) : awaitable_(std::move(awaitable)) {}

  CRECHE_CORO_WRAPPER Task<Result> MakeTask() {
    return AsTask(std::move(awaitable_));
  }
  Awaitable& awaitable() { return awaitable_; }

 private:
  Awaitable awaitable_;
};

template <typename F>
using BodyResult = typename AsyncBody<F>::Result;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_ASYNC_BODY_H_
