// SPDX-License-Identifier: Apache-2.0
//
// Race: several bodies at once, of which the first to complete ends the others.
//
//   std::tuple<std::optional<Reply>, std::optional<Reply>> replies =
//       co_await creche::Race(Ask(first), Ask(second));
//
// For operations that have no effect unless they complete, Select()
// (sync/select.h) costs less: it needs no tasks.

#ifndef CRECHE_CORE_RACE_H_
#define CRECHE_CORE_RACE_H_

#include <utility>

#include "creche/core/error_group.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/race_tasks.h"
#include "creche/core/internal/safe_closure.h"

namespace creche {

// Runs all `bodies` (Tasks, other awaitables, or callables that return one) as
// children of a nursery of their own. The first to complete, with whatever
// result, cancels the others, and Race() waits for them. co_await gives
// std::tuple<Completed<R>...>: at least one element is engaged, and more than
// one if others completed before their cancellation took effect. Nothing that
// has completed is dropped, not even if the Race() itself is cancelled by then:
// that takes effect at the next checkpoint.
//
// Exceptions: if a body throws, it cancels the others and an ExceptionGroup is
//   thrown; if others had completed by then, a RaceExceptionGroup, with what
//   they gave.
// Cancellation: same as the bodies, while none has completed.
template <typename... Bodies>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto Race(Bodies&&... bodies) {
  static_assert(sizeof...(Bodies) > 0, "creche: Race() needs a body");
  (..., [] { CRECHE_REQUIRE_SAFE_CLOSURE(Bodies); }());
  return internal::RunRace<Bodies...>(
      typename internal::RacingBodies<Bodies...>::Tuple(
          internal::AsyncBody<Bodies>(std::forward<Bodies>(bodies))...));
}

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

}  // namespace creche

#endif  // CRECHE_CORE_RACE_H_
