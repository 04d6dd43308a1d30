// SPDX-License-Identifier: Apache-2.0
//
// The tasks of Race().

#ifndef CRECHE_CORE_INTERNAL_RACE_TASKS_H_
#define CRECHE_CORE_INTERNAL_RACE_TASKS_H_

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/nursery.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {

template <typename Results>
class RaceExceptionGroup;

namespace internal {

// The bodies of a Race(), and what it gives.
template <typename... Bodies>
struct RacingBodies {
  using Tuple = std::tuple<AsyncBody<Bodies>...>;
  using Slots = std::tuple<Completed<BodyResult<Bodies>>...>;
};

#if defined(__cpp_exceptions)
// In a handler of `thrown`: rethrows it, with the `slots` unless all are empty.
template <typename Slots>
[[noreturn]] void ThrowWithCompleted(ExceptionGroup& thrown, Slots& slots) {
  const bool any_completed = std::apply(
      [](const auto&... slot) { return (static_cast<bool>(slot) || ...); },
      slots);
  if (!any_completed) throw;
  throw RaceExceptionGroup<Slots>(std::move(thrown), std::move(slots));
}
#endif

CRECHE_CORO_TEMPLATES_BEGIN

// A child of Race().
template <typename Body>
Task<> RunRacer(AsyncBody<Body>& body, Completed<BodyResult<Body>>& out,
                Nursery& nursery) {
  if constexpr (std::is_void_v<BodyResult<Body>>) {
    co_await body.MakeTask();
    out = true;
  } else {
    out.emplace(co_await body.MakeTask());
  }
  NurseryAccess::State(nursery).KeepCompleted();
  nursery.Cancel("another body of the Race() completed first");
}

template <typename... Bodies, std::size_t... kIndex>
void StartRace(Nursery& nursery,
               typename RacingBodies<Bodies...>::Tuple& bodies,
               typename RacingBodies<Bodies...>::Slots& slots,
               std::index_sequence<kIndex...>) {
  (nursery.StartSoon(&RunRacer<Bodies>, std::ref(std::get<kIndex>(bodies)),
                     std::ref(std::get<kIndex>(slots)), std::ref(nursery)),
   ...);
}

template <typename... Bodies>
CRECHE_CORO_OWNS_ARGUMENTS Task<typename RacingBodies<Bodies...>::Slots>
RunRace(typename RacingBodies<Bodies...>::Tuple bodies) {
  constexpr auto kIndices = std::index_sequence_for<Bodies...>();
  typename RacingBodies<Bodies...>::Slots slots{};
  auto start = [&](Nursery& nursery) -> Task<> {
    StartRace<Bodies...>(nursery, bodies, slots, kIndices);
    co_return;
  };
  // The racers cannot fail: what they return is in the slots, an error Status
  // too. What they throw is thrown here.
#if defined(__cpp_exceptions)
  try {
    const absl::Status ended = co_await WithNursery(start);
    ended.IgnoreError();
  } catch (ExceptionGroup& group) {
    ThrowWithCompleted(group, slots);
  }
#else
  const absl::Status ended = co_await WithNursery(start);
  ended.IgnoreError();
#endif
  co_return slots;
}

CRECHE_CORO_TEMPLATES_END

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_RACE_TASKS_H_
