// SPDX-License-Identifier: Apache-2.0
//
// The tasks of WhenAll().

#ifndef CRECHE_CORE_INTERNAL_WHEN_ALL_TASKS_H_
#define CRECHE_CORE_INTERNAL_WHEN_ALL_TASKS_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"

namespace creche::internal {

// What WhenAll() makes of a result: its value, without the Status around it.
template <typename R>
struct GatheredImpl {
  using Type = R;
};
template <>
struct GatheredImpl<void> {
  using Type = std::monostate;
};
template <>
struct GatheredImpl<absl::Status> {
  using Type = std::monostate;
};
template <typename T>
struct GatheredImpl<absl::StatusOr<T>> {
  using Type = T;
};
template <typename R>
using Gathered = typename GatheredImpl<R>::Type;

CRECHE_CORO_TEMPLATES_BEGIN

// A child of WhenAll().
template <typename R>
Task<absl::Status> Gather(Task<R> task, std::optional<Gathered<R>>& out) {
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
    out.emplace();
  } else {
    R result = co_await std::move(task);
    if constexpr (kIsStatusLike<R>) {
      if (!result.ok()) co_return StatusOf(result);
    }
    if constexpr (std::is_same_v<R, absl::Status>) {
      out.emplace();
    } else if constexpr (kIsStatusOr<R>) {
      out.emplace(*std::move(result));
    } else {
      out.emplace(std::move(result));
    }
  }
  co_return absl::OkStatus();
}

// The bodies of a WhenAll(), what it gives, and where that is put together.
template <typename... Bodies>
struct GatheredBodies {
  using Tuple = std::tuple<AsyncBody<Bodies>...>;
  using Values = std::tuple<Gathered<BodyResult<Bodies>>...>;
  using Slots = std::tuple<std::optional<Gathered<BodyResult<Bodies>>>...>;
};

template <typename... Bodies, std::size_t... kIndex>
void StartGathering(Nursery& nursery,
                    typename GatheredBodies<Bodies...>::Tuple& bodies,
                    typename GatheredBodies<Bodies...>::Slots& slots,
                    std::index_sequence<kIndex...>) {
  (nursery.StartSoon(&Gather<BodyResult<Bodies>>,
                     std::get<kIndex>(bodies).MakeTask(),
                     std::ref(std::get<kIndex>(slots))),
   ...);
}

template <typename... Bodies>
CRECHE_CORO_OWNS_ARGUMENTS
    Task<absl::StatusOr<typename GatheredBodies<Bodies...>::Values>>
    GatherAll(typename GatheredBodies<Bodies...>::Tuple bodies) {
  constexpr auto kIndices = std::index_sequence_for<Bodies...>();
  typename GatheredBodies<Bodies...>::Slots slots;
  auto start = [&](Nursery& nursery) -> Task<> {
    StartGathering<Bodies...>(nursery, bodies, slots, kIndices);
    co_return;
  };
  const absl::Status status = co_await WithNursery(start);
  if (!status.ok()) co_return status;
  co_return std::apply(
      [](auto&&... slot) {
        return typename GatheredBodies<Bodies...>::Values(*std::move(slot)...);
      },
      std::move(slots));
}

template <typename T>
CRECHE_CORO_OWNS_ARGUMENTS Task<absl::StatusOr<std::vector<Gathered<T>>>>
GatherVector(std::vector<Task<T>> tasks) {
  std::vector<std::optional<Gathered<T>>> slots(tasks.size());
  auto start = [&](Nursery& nursery) -> Task<> {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      nursery.StartSoon(&Gather<T>, std::move(tasks[i]), std::ref(slots[i]));
    }
    co_return;
  };
  const absl::Status status = co_await WithNursery(start);
  if (!status.ok()) co_return status;
  std::vector<Gathered<T>> values;
  values.reserve(slots.size());
  for (auto& slot : slots) values.push_back(*std::move(slot));
  co_return values;
}

CRECHE_CORO_TEMPLATES_END

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_WHEN_ALL_TASKS_H_
