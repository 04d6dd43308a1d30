// SPDX-License-Identifier: Apache-2.0
//
// Programming errors that no compiler can see end the process with a message
// that names the rule, in every build.

#include "creche/core/internal/misuse.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

Task<> Nothing() { co_return; }

TEST(MisuseDeathTest, NamesTheRule) {
  EXPECT_DEATH(internal::Misuse("the rule"), "creche: the rule");
}

TEST(MisuseDeathTest, ScopeRunTwice) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 CancelScope scope;
                 co_await scope.Run(Nothing());
                 co_await scope.Run(Nothing());
               }).IgnoreError(),
               "a CancelScope is used for one Run");
}

TEST(MisuseDeathTest, ScopeRunTwiceAtTheSameTime) {
  EXPECT_DEATH(
      RunMocked([]() -> Task<> {
        CancelScope scope;
        co_await scope.Run([&]() -> Task<> { co_await scope.Run(Nothing()); });
      }).IgnoreError(),
      "a CancelScope is used for one Run");
}

TEST(MisuseDeathTest, ScopeDestroyedWhileEntered) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 auto scope = std::make_optional<CancelScope>();
                 co_await scope->Run([&]() -> Task<> {
                   scope.reset();
                   co_return;
                 });
               }).IgnoreError(),
               "CancelScope was destroyed while its Run");
}

TEST(MisuseDeathTest, StartSoonOnAClosedNursery) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 Nursery* stale = nullptr;
                 auto body = [&](Nursery& nursery) -> Task<> {
                   stale = &nursery;
                   co_return;
                 };
                 absl::Status status = co_await WithNursery(body);
                 stale->StartSoon(Nothing);
                 status.IgnoreError();
               }).IgnoreError(),
               "StartSoon.. was called on a nursery that has closed");
}

// Trio: test_nursery_start.
TEST(MisuseDeathTest, StartOnAClosedNursery) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 Nursery* stale = nullptr;
                 auto body = [&](Nursery& nursery) -> Task<> {
                   stale = &nursery;
                   co_return;
                 };
                 absl::Status status = co_await WithNursery(body);
                 auto child = [](TaskStatus<>) -> Task<> { co_return; };
                 status.Update(co_await stale->Start(child));
               }).IgnoreError(),
               "Start.. was called on a nursery that has closed");
}

TEST(MisuseDeathTest, StartAwaitedAfterTheNurseryHasClosed) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 auto child = [](TaskStatus<> status) -> Task<> {
                   status.Started();
                   co_await SleepForever();
                 };
                 std::optional<Task<absl::Status>> start;
                 auto body = [&](Nursery& nursery) -> Task<> {
                   start.emplace(nursery.Start(child));
                   co_return;
                 };
                 absl::Status status = co_await WithNursery(body);
                 status.Update(co_await *std::move(start));
               }).IgnoreError(),
               "Start.. was called on a nursery that has closed");
}

// Trio: test_nursery_start.
TEST(MisuseDeathTest, StartedTwice) {
  EXPECT_DEATH(RunMocked([]() -> Task<absl::Status> {
                 auto child = [](TaskStatus<int> status) -> Task<> {
                   status.Started(1);
                   status.Started(2);
                   co_return;
                 };
                 auto body = [&](Nursery& nursery) -> Task<absl::Status> {
                   co_return (co_await nursery.Start<int>(child)).status();
                 };
                 co_return co_await WithNursery(body);
               }).IgnoreError(),
               "Started.. was called twice");
}

TEST(MisuseDeathTest, TaskAwaitedAfterItWasMovedFrom) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 Task<> task = Nothing();
                 co_await std::move(task);
                 co_await std::move(task);
               }).IgnoreError(),
               "a Task is awaited once");
}

TEST(MisuseDeathTest, MovedFromTaskAsABody) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 Task<> task = Nothing();
                 co_await std::move(task);
                 co_await MoveOnAfter(absl::Seconds(1), std::move(task));
               }).IgnoreError(),
               "a Task is awaited once");
}

Abort Done() { return Abort::kDone; }

TEST(MisuseDeathTest, WakerUsedTwice) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 co_await Suspend(
                     [&](Waker w) {
                       std::move(w).Wake();
                       std::move(w).Wake();
                     },
                     Done);
               }).IgnoreError(),
               "a Waker was used that is empty");
}

TEST(MisuseDeathTest, WakerUsedAfterTheAbortWasDone) {
  EXPECT_DEATH(
      RunMocked([]() -> Task<> {
        Waker waker;
        CancelScope scope;
        auto wait = [&]() -> Task<> {
          co_await Suspend([&](Waker w) { waker = std::move(w); }, Done);
        };
        auto body = [&](Nursery& nursery) -> Task<> {
          nursery.StartSoon([&]() -> Task<> { co_await scope.Run(wait()); });
          co_await Checkpoint();
          co_await Checkpoint();
          scope.Cancel();
          std::move(waker).Wake();
        };
        absl::Status status = co_await WithNursery(body);
        status.IgnoreError();
      }).IgnoreError(),
      "a task was woken that does not wait");
}

TEST(MisuseDeathTest, AbortedWithoutAPendingAbort) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 co_await Suspend([](Waker w) { std::move(w).Aborted(); },
                                  Done);
               }).IgnoreError(),
               "whose abort function has not answered Abort::kPending");
}

// Trio: test_broken_abort.
TEST(MisuseDeathTest, AbortFunctionThatWakesAndSaysDone) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 Waker waker;
                 auto wait = [&]() -> Task<> {
                   co_await Suspend([&](Waker w) { waker = std::move(w); },
                                    [&] {
                                      std::move(waker).Wake();
                                      return Abort::kDone;
                                    });
                 };
                 co_await MoveOnAfter(absl::Seconds(1), wait());
               }).IgnoreError(),
               "an abort function answers Abort::kDone");
}

TEST(MisuseDeathTest, ParkingLotDestroyedWithTasksInIt) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 auto lot = std::make_optional<ParkingLot>();
                 auto body = [&](Nursery& nursery) -> Task<> {
                   nursery.StartSoon([&]() -> Task<> { co_await lot->Park(); });
                   co_await Checkpoint();
                   co_await Checkpoint();
                   lot.reset();
                 };
                 absl::Status status = co_await WithNursery(body);
                 status.IgnoreError();
               }).IgnoreError(),
               "was destroyed before the task");
}

TEST(MisuseDeathTest, DeadlockNamesEachWait) {
  auto deadlock = [] {
    RunMocked([]() -> Task<> {
      ParkingLot lot;
      auto body = [&](Nursery& nursery) -> Task<> {
        auto reader = [&]() -> Task<> { co_await lot.Park("more input"); };
        nursery.StartSoon(Named("reader", reader));
        CancelScope scope({.shield = true});
        co_await scope.Run(SleepForever());
      };
      absl::Status status = co_await WithNursery(body);
      status.IgnoreError();
    }).IgnoreError();
  };

  EXPECT_DEATH(deadlock(), "creche: deadlock");
  EXPECT_DEATH(deadlock(),
               "task 'reader' waits for more input at .*misuse_test.cc:");
  EXPECT_DEATH(deadlock(), "cancel scope, shielded");
  EXPECT_DEATH(deadlock(), "task 'main' waits for SleepForever");
}

TEST(MisuseDeathTest, MockClockDoesNotGoBack) {
  MockClock clock(MockClock::kManual);
  EXPECT_DEATH(clock.Advance(-absl::Seconds(1)), "negative duration");
}

TEST(MisuseDeathTest, NowOutsideOfARun) {
  EXPECT_DEATH(creche::Now(), "Now.. was called outside of a run");
}

TEST(MisuseDeathTest, CurrentScopeOutsideOfATask) {
  EXPECT_DEATH(CurrentEffectiveDeadline(), "outside of a task");
  EXPECT_DEATH(CurrentlyCancelled(), "outside of a task");
}

}  // namespace
}  // namespace creche
