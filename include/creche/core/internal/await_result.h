// SPDX-License-Identifier: Apache-2.0
//
// AwaitResult, AsTask: what awaiting something gives, and any awaitable as a
// Task.

#ifndef CRECHE_CORE_INTERNAL_AWAIT_RESULT_H_
#define CRECHE_CORE_INTERNAL_AWAIT_RESULT_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/promise.h"
#include "creche/core/task.h"

namespace creche::internal {

// The type of `co_await std::declval<Awaitable>()`.
template <typename Awaitable>
struct AwaitResultImpl {
  using Type = decltype(std::declval<Awaitable&>().await_resume());
};
template <typename T>
struct AwaitResultImpl<Task<T>> {
  using Type = T;
};
template <typename Awaitable>
using AwaitResult = typename AwaitResultImpl<Awaitable>::Type;

// An awaitable that gives a Result.
template <typename T, typename Result>
concept AwaitableOf = TaskAwaitable<std::remove_cvref_t<T>> &&
                      std::same_as<AwaitResult<std::remove_cvref_t<T>>, Result>;

// Turns any awaitable into a Task.
template <typename T>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS Task<T> AsTask(Task<T>&& task) {
  return std::move(task);
}
template <typename Awaitable>
  requires(!kIsTask<Awaitable>)
CRECHE_CORO_OWNS_ARGUMENTS Task<AwaitResult<Awaitable>> AsTask(
    Awaitable awaitable) {
  co_return co_await std::move(awaitable);
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_AWAIT_RESULT_H_
