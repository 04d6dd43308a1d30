// SPDX-License-Identifier: Apache-2.0
//
// WhenAll, Race: several bodies at once.
//
//   absl::StatusOr<std::tuple<User, Cart>> both =
//       co_await creche::WhenAll(FetchUser(id), FetchCart(id));
//
//   std::tuple<std::optional<Reply>, std::optional<Reply>> replies =
//       co_await creche::Race(Ask(first), Ask(second));
//
// For children that come and go, open a nursery (core/nursery.h).

#ifndef CRECHE_CORE_COMBINATORS_H_
#define CRECHE_CORE_COMBINATORS_H_

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
#include "creche/core/error_group.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/nursery.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {

// What Race() throws if a body has thrown although another had completed.
// `Results` is what Race() gives otherwise:
//   catch (RaceExceptionGroup<std::tuple<std::optional<Reply>, bool>>& failed)
template <typename Results>
class RaceExceptionGroup : public ExceptionGroup {
 public:
  // What was thrown, and what had completed.
  RaceExceptionGroup(ExceptionGroup thrown, Results completed)
      : ExceptionGroup(std::move(thrown)), completed_(std::move(completed)) {}

  // At least one element is engaged. They may be moved from.
  Results& completed() { return completed_; }

 private:
  Results completed_;
};

namespace internal {

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
  NurseryAccess::KeepCompleted(nursery);
  nursery.Cancel("another body of the Race() completed first");
}

template <typename... Bodies>
struct Bodied {
  using Tuple = std::tuple<AsyncBody<Bodies>...>;
  using Gathered = std::tuple<internal::Gathered<BodyResult<Bodies>>...>;
  using GatheredSlots =
      std::tuple<std::optional<internal::Gathered<BodyResult<Bodies>>>...>;
  using RaceSlots = std::tuple<Completed<BodyResult<Bodies>>...>;
};

template <typename... Bodies, std::size_t... kIndex>
void StartGathering(Nursery& nursery, typename Bodied<Bodies...>::Tuple& bodies,
                    typename Bodied<Bodies...>::GatheredSlots& slots,
                    std::index_sequence<kIndex...>) {
  (nursery.StartSoon(&Gather<BodyResult<Bodies>>,
                     std::get<kIndex>(bodies).MakeTask(),
                     std::ref(std::get<kIndex>(slots))),
   ...);
}

template <typename... Bodies, std::size_t... kIndex>
void StartRace(Nursery& nursery, typename Bodied<Bodies...>::Tuple& bodies,
               typename Bodied<Bodies...>::RaceSlots& slots,
               std::index_sequence<kIndex...>) {
  (nursery.StartSoon(&RunRacer<Bodies>, std::ref(std::get<kIndex>(bodies)),
                     std::ref(std::get<kIndex>(slots)), std::ref(nursery)),
   ...);
}

template <typename... Bodies>
CRECHE_CORO_OWNS_ARGUMENTS
    Task<absl::StatusOr<typename Bodied<Bodies...>::Gathered>>
    GatherAll(typename Bodied<Bodies...>::Tuple bodies) {
  constexpr auto kIndices = std::index_sequence_for<Bodies...>();
  typename Bodied<Bodies...>::GatheredSlots slots;
  auto start = [&](Nursery& nursery) -> Task<> {
    StartGathering<Bodies...>(nursery, bodies, slots, kIndices);
    co_return;
  };
  const absl::Status status = co_await WithNursery(start);
  if (!status.ok()) co_return status;
  co_return std::apply(
      [](auto&&... slot) {
        return typename Bodied<Bodies...>::Gathered(*std::move(slot)...);
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

template <typename... Bodies>
CRECHE_CORO_OWNS_ARGUMENTS Task<typename Bodied<Bodies...>::RaceSlots> RunRace(
    typename Bodied<Bodies...>::Tuple bodies) {
  constexpr auto kIndices = std::index_sequence_for<Bodies...>();
  typename Bodied<Bodies...>::RaceSlots slots{};
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

// Runs all `bodies` (Tasks, other awaitables, or callables that return one) as
// children of a nursery of their own. co_await gives
// absl::StatusOr<std::tuple<...>>: their values, a std::monostate where a body
// gives nothing or an absl::Status; or, if any failed, what a nursery makes of
// the errors: the first one has cancelled the others.
//
// Cancellation: as of the bodies. Values of those that had completed are
//   destroyed.
template <typename... Bodies>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto WhenAll(
    Bodies&&... bodies) {
  (..., [] { CRECHE_REQUIRE_SAFE_CLOSURE(Bodies); }());
  return internal::GatherAll<Bodies...>(
      typename internal::Bodied<Bodies...>::Tuple(
          internal::AsyncBody<Bodies>(std::forward<Bodies>(bodies))...));
}

// The same for any number of tasks of one type: their values, in the order of
// `tasks`.
// Cancellation: as of the tasks, likewise.
template <typename T>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto WhenAll(
    std::vector<Task<T>> tasks) {
  return internal::GatherVector<T>(std::move(tasks));
}

// Runs all `bodies` likewise. The first to complete, with whatever result,
// cancels the others, and Race() waits for them. co_await gives
// std::tuple<Completed<R>...>: at least one element is engaged, and more than
// one if others completed before their cancellation took effect. Nothing that
// has completed is dropped, not even if the Race() itself is cancelled by then:
// that takes effect at the next checkpoint.
//
// Exceptions: if a body throws, it cancels the others and an ExceptionGroup is
//   thrown; if others had completed by then, a RaceExceptionGroup, with what
//   they gave.
// Cancellation: as of the bodies, while none has completed.
template <typename... Bodies>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto Race(Bodies&&... bodies) {
  static_assert(sizeof...(Bodies) > 0, "creche: Race() needs a body");
  (..., [] { CRECHE_REQUIRE_SAFE_CLOSURE(Bodies); }());
  return internal::RunRace<Bodies...>(
      typename internal::Bodied<Bodies...>::Tuple(
          internal::AsyncBody<Bodies>(std::forward<Bodies>(bodies))...));
}

}  // namespace creche

#endif  // CRECHE_CORE_COMBINATORS_H_
