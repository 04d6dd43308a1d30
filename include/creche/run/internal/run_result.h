// SPDX-License-Identifier: Apache-2.0
//
// RunResult: what Run() returns, and what it takes.

#ifndef CRECHE_RUN_INTERNAL_RUN_RESULT_H_
#define CRECHE_RUN_INTERNAL_RUN_RESULT_H_

#include <concepts>
#include <type_traits>

#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/promise.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {

struct RunOptions;

namespace internal {

template <bool kIsCallable, typename F, typename... Args>
struct RunResultIf {};
template <typename F, typename... Args>
struct RunResultIf<true, F, Args...> {
  using Type = StatusOrOf<AwaitResult<CallResult<F, Args...>>>;
};

// None for RunOptions: clang asks for the result of an overload before it looks
// at the overload's constraint.
template <typename F, typename... Args>
struct RunResultImpl : RunResultIf<kReturnsAwaitable<F, Args...>, F, Args...> {
  static constexpr bool kIsAwaitable = TaskAwaitable<std::remove_cvref_t<F>>;
  static_assert(!kIsAwaitable,
                "creche: Run() itself calls what makes the task: write "
                "Run(Main, args...), not Run(Main(args...))");
  static_assert(kIsAwaitable || std::is_invocable_v<F, Args...>,
                "creche: Run(main, args...) calls main(args...), and main does "
                "not take these arguments");
  static_assert(!std::is_invocable_v<F, Args...> ||
                    kReturnsAwaitable<F, Args...>,
                "creche: what Run() calls must return a Task (is it a "
                "coroutine with the return type creche::Task<...>?)");
};
template <typename F, typename... Args>
  requires std::same_as<std::remove_cvref_t<F>, RunOptions>
struct RunResultImpl<F, Args...> {};
template <typename F, typename... Args>
using RunResult = typename RunResultImpl<F, Args...>::Type;

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_RUN_INTERNAL_RUN_RESULT_H_
