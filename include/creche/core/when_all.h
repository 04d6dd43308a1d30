// SPDX-License-Identifier: Apache-2.0
//
// WhenAll: several bodies at once, all of which have to succeed.
//
//   absl::StatusOr<std::tuple<User, Cart>> both =
//       co_await creche::WhenAll(FetchUser(id), FetchCart(id));
//
// For children that come and go, open a nursery (core/nursery.h).

#ifndef CRECHE_CORE_WHEN_ALL_H_
#define CRECHE_CORE_WHEN_ALL_H_

#include <type_traits>
#include <utility>
#include <vector>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/when_all_tasks.h"
#include "creche/core/task.h"

namespace creche {

// Runs all `bodies` (Tasks, other awaitables, or callables that return one) as
// children of a nursery of their own. co_await gives
// absl::StatusOr<std::tuple<...>>: their values, a std::monostate where a body
// gives nothing or an absl::Status; or, if any failed, what a nursery makes of
// the errors: the first one has cancelled the others.
//
// Cancellation: same as the bodies. Values of those that had completed are
//   destroyed.
template <typename... Bodies>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto WhenAll(
    Bodies&&... bodies) {
  (..., [] { CRECHE_REQUIRE_SAFE_CLOSURE(Bodies); }());
  return internal::GatherAll<Bodies...>(
      typename internal::GatheredBodies<Bodies...>::Tuple(
          internal::AsyncBody<Bodies>(std::forward<Bodies>(bodies))...));
}

// The same for any number of tasks of one type: their values, in the order of
// `tasks`.
// Cancellation: same as the tasks, likewise.
template <typename T>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto WhenAll(
    std::vector<Task<T>>&& tasks) {
  return internal::GatherVector<T>(std::move(tasks));
}
template <typename T>
auto WhenAll(std::vector<Task<T>>& tasks) {  // Says what to write instead.
  static_assert(std::is_rvalue_reference_v<decltype(tasks)>,
                "creche: a Task is awaited once, as an rvalue: pass "
                "std::move(tasks)");
}

}  // namespace creche

#endif  // CRECHE_CORE_WHEN_ALL_H_
