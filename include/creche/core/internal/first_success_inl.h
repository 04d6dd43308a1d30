// SPDX-License-Identifier: Apache-2.0
//
// How FirstSuccess() works. Included by core/first_success.h.

#ifndef CRECHE_CORE_INTERNAL_FIRST_SUCCESS_INL_H_
#define CRECHE_CORE_INTERNAL_FIRST_SUCCESS_INL_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/error_group.h"
#include "creche/core/first_success.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/nursery.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {
namespace internal {

// What the attempts of one FirstSuccess() share.
template <typename R>
struct Attempts {
  explicit Attempts(std::size_t count) : errors(count) {}

  std::optional<StatusOrOf<R>> success;
  std::vector<absl::Status> errors;  // Of each attempt, if it has failed.
};

CRECHE_CORO_TEMPLATES_BEGIN

template <typename R>
Task<StatusOrOf<R>> WithStatus(Task<R> task) {
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
    co_return absl::OkStatus();
  } else {
    co_return co_await std::move(task);
  }
}

template <typename R>
Task<> RunAttempt(Task<R> task, std::size_t index, Attempts<R>& attempts,
                  Nursery& nursery) {
  StatusOrOf<R> result = co_await WithStatus(std::move(task));
  if (!result.ok()) {
    attempts.errors[index] = StatusOf(result);
    co_return;
  }
  if (attempts.success.has_value()) co_return;
  attempts.success.emplace(std::move(result));
  NurseryAccess::State(nursery).KeepCompleted();
  nursery.Cancel("another body of the FirstSuccess() succeeded first");
}

template <typename R>
CRECHE_CORO_OWNS_ARGUMENTS Task<StatusOrOf<R>> RunAttempts(
    std::vector<Task<R>> tasks) {
  if (tasks.empty()) {
    co_return absl::InvalidArgumentError("FirstSuccess() of no tasks");
  }
  Attempts<R> attempts(tasks.size());
  auto start = [&](Nursery& nursery) -> Task<> {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      nursery.StartSoon(&RunAttempt<R>, std::move(tasks[i]), i,
                        std::ref(attempts), std::ref(nursery));
    }
    co_return;
  };
  // The attempts themselves cannot fail.
  const absl::Status ended = co_await WithNursery(start);
  ended.IgnoreError();
  if (attempts.success.has_value()) co_return *std::move(attempts.success);
  co_return GroupErrors(std::move(attempts.errors));
}

// Keeps the bodies until all of their tasks have ended.
template <typename R, typename... Bodies>
CRECHE_CORO_OWNS_ARGUMENTS Task<StatusOrOf<R>> RunAttemptsOf(
    std::tuple<AsyncBody<Bodies>...> bodies) {
  std::vector<Task<R>> tasks;
  tasks.reserve(sizeof...(Bodies));
  std::apply([&](auto&... body) { (tasks.push_back(body.MakeTask()), ...); },
             bodies);
  auto run = RunAttempts(std::move(tasks));
  co_return co_await std::move(run);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace internal

template <typename... Bodies>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto FirstSuccess(
    Bodies&&... bodies) {
  static_assert(sizeof...(Bodies) > 0, "creche: FirstSuccess() needs a body");
  (..., [] { CRECHE_REQUIRE_SAFE_CLOSURE(Bodies); }());
  using Result =
      std::tuple_element_t<0, std::tuple<internal::BodyResult<Bodies>...>>;
  static_assert(
      (std::is_same_v<internal::BodyResult<Bodies>, Result> && ...),
      "creche: the bodies of a FirstSuccess() give results of the same type");
  return internal::RunAttemptsOf<Result, Bodies...>(
      std::tuple<internal::AsyncBody<Bodies>...>(
          internal::AsyncBody<Bodies>(std::forward<Bodies>(bodies))...));
}

template <typename T>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto FirstSuccess(
    std::vector<Task<T>> tasks) {
  return internal::RunAttempts<T>(std::move(tasks));
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_FIRST_SUCCESS_INL_H_
