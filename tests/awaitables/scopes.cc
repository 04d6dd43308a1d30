// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of core/ that run a body. Those that are "not a checkpoint by
// itself" are one if the body is.

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/clock.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/first_success.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/task_local.h"
#include "creche/core/timeouts.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kErrorsOfTheBody = "it has no errors but the body's";
constexpr const char* kShielded =
    "it is no cancel point: a shield hides the body";

Task<> Empty() { co_return; }

Task<> Sleeps() { co_await SleepFor(absl::Seconds(1)); }

Task<absl::Status> ScopeOfWhatDoesNotWait() {
  CancelScope scope;
  co_return co_await AtOnceWithoutCheckpoint(scope.Run(Empty()));
}

Task<absl::Status> ScopeOfWhatWaits() {
  CancelScope scope;
  co_return co_await AtOnce(scope.Run(Sleeps()));
}

Task<absl::Status> MovesOnAfterEmpty() {
  co_return co_await AtOnceWithoutCheckpoint(
      MoveOnAfter(absl::Hours(1), Empty()));
}

Task<absl::Status> MovesOnAfterSleep() {
  co_return co_await AtOnce(MoveOnAfter(absl::Hours(1), Sleeps()));
}

Task<absl::Status> MovesOnAtEmpty() {
  co_return co_await AtOnceWithoutCheckpoint(
      MoveOnAt(Now() + absl::Hours(1), Empty()));
}

Task<absl::Status> MovesOnAtSleep() {
  co_return co_await AtOnce(MoveOnAt(Now() + absl::Hours(1), Sleeps()));
}

Task<absl::Status> FailsAfterEmpty() {
  co_return co_await AtOnceWithoutCheckpoint(
      FailAfter(absl::Hours(1), Empty()));
}

Task<absl::Status> FailsAfterSleep() {
  co_return co_await AtOnce(FailAfter(absl::Hours(1), Sleeps()));
}

Task<absl::Status> FailsAfterTooLong() {
  co_return co_await Refused(FailAfter(absl::Seconds(1), SleepForever()),
                             IsTimeout);
}

Task<absl::Status> FailsAtEmpty() {
  co_return co_await AtOnceWithoutCheckpoint(
      FailAt(Now() + absl::Hours(1), Empty()));
}

Task<absl::Status> FailsAtSleep() {
  co_return co_await AtOnce(FailAt(Now() + absl::Hours(1), Sleeps()));
}

Task<absl::Status> FailsAtTooLate() {
  co_return co_await Refused(FailAt(Now() + absl::Seconds(1), SleepForever()),
                             IsTimeout);
}

Task<absl::Status> CleansUpAfterEmpty() {
  co_return co_await AtOnceWithoutCheckpoint(WithCleanup(Empty(), Empty));
}

Task<absl::Status> CleansUpAfterSleep() {
  co_return co_await AtOnce(WithCleanup(Sleeps(), Sleeps));
}

TaskLocal<int> local;

Task<absl::Status> HasLocalWithEmpty() {
  co_return co_await AtOnceWithoutCheckpoint(local.With(1, Empty()));
}

Task<absl::Status> HasLocalWithSleep() {
  co_return co_await AtOnce(local.With(1, Sleeps()));
}

Task<absl::Status> ShieldsWhatDoesNotWait() {
  co_return co_await AtOnceWithoutCheckpoint(Shield(Empty()));
}

// Cancelled outside of the shield, so that there is a cancel point.
Task<absl::Status> ShieldsWhatWaits() {
  co_await Shield(Sleeps());
  co_await Checkpoint();
  co_return absl::OkStatus();
}

Task<absl::Status> EmptyNursery() {
  auto body = [](Nursery&) -> Task<> { co_return; };
  // A schedule point and no cancel point, so neither is expected.
  co_return co_await WithNursery(body);
}

Task<absl::Status> NurseryWithChild() {
  auto body = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Sleeps);
    co_return;
  };
  co_return co_await Awaited(WithNursery(body));
}

Task<absl::Status> NurseryFails() {
  auto body = [](Nursery&) -> Task<absl::Status> {
    co_return absl::AbortedError("on purpose");
  };
  const absl::Status status = co_await WithNursery(body);
  if (absl::IsAborted(status)) co_return absl::OkStatus();
  co_return absl::UnknownError("the body's error is lost");
}

Task<absl::Status> GathersWhatDoesNotWait() {
  co_return co_await Awaited(WhenAll(Empty(), Empty()));
}

Task<absl::Status> GathersWhatWaits() {
  co_return co_await Awaited(WhenAll(Sleeps(), Sleeps()));
}

Task<absl::Status> RacesWhatDoesNotWait() {
  co_return co_await Awaited(Race(Empty(), Empty()));
}

Task<absl::Status> RacesWhatWaits() {
  co_return co_await Awaited(Race(Sleeps(), SleepForever()));
}

Task<absl::Status> TriesWhatSucceedsAtOnce() {
  co_return co_await Awaited(FirstSuccess(Empty(), Empty()));
}

Task<absl::Status> TriesWhatSucceedsLater() {
  co_return co_await Awaited(FirstSuccess(Sleeps(), SleepForever()));
}

}  // namespace

std::vector<Awaitable> ScopeAwaitables() {
  return {
      {"CancelScope::Run", ScopeOfWhatDoesNotWait, ScopeOfWhatWaits,
       kErrorsOfTheBody},
      {"Shield", ShieldsWhatDoesNotWait, ShieldsWhatWaits, kShielded},
      {"MoveOnAfter", MovesOnAfterEmpty, MovesOnAfterSleep, kErrorsOfTheBody},
      {"MoveOnAt", MovesOnAtEmpty, MovesOnAtSleep, kErrorsOfTheBody},
      {"FailAfter", FailsAfterEmpty, FailsAfterSleep, FailsAfterTooLong},
      {"FailAt", FailsAtEmpty, FailsAtSleep, FailsAtTooLate},
      {"WithCleanup", CleansUpAfterEmpty, CleansUpAfterSleep, kErrorsOfTheBody},
      {"TaskLocal::With", HasLocalWithEmpty, HasLocalWithSleep,
       kErrorsOfTheBody},
      {"WithNursery", EmptyNursery, NurseryWithChild, NurseryFails},
      {"WhenAll", GathersWhatDoesNotWait, GathersWhatWaits, kErrorsOfTheBody},
      {"FirstSuccess", TriesWhatSucceedsAtOnce, TriesWhatSucceedsLater,
       kErrorsOfTheBody},
      {"Race", RacesWhatDoesNotWait, RacesWhatWaits, kErrorsOfTheBody},
  };
}

}  // namespace creche::awaitables
