// SPDX-License-Identifier: Apache-2.0
//
// What finds a child that has said Started() in its new home.

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

Task<> Nap(int seconds) { co_await SleepFor(absl::Seconds(seconds)); }

// Sleeps, says it has started, sleeps, and ends with `end`.
Task<absl::Status> Serve(int before, int after, absl::Status end,
                         TaskStatus<int> status) {
  co_await Nap(before);
  status.Started(before);
  co_await Nap(after);
  co_return end;
}

// Trio: test_nursery_start_with_cancelled_nursery.
class CancelledTargetTest : public ::testing::TestWithParam<bool> {};

TEST_P(CancelledTargetTest, WakesSleepingGrandchildren) {
  const bool cancel_before_started = GetParam();
  int alive = 0;
  auto grandchild = [&]() -> Task<> {
    LifetimeProbe probe(&alive);
    co_await SleepForever();
  };
  auto child = [&](Nursery* target, TaskStatus<> status) -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(grandchild);
      nursery.StartSoon(grandchild);
      co_await Nap(1);
      EXPECT_EQ(alive, 2);
      if (cancel_before_started) target->Cancel();
      status.Started();
      if (!cancel_before_started) target->Cancel();
      co_await Nap(1);
      ADD_FAILURE() << "not cancelled";
    };
    absl::Status ended = co_await WithNursery(body);
    ADD_FAILURE() << ended;
  };
  auto elapsed = RunMocked([&]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto outer = [&](Nursery& callers) -> Task<> {
      auto target = [&](Nursery& nursery) -> Task<> {
        callers.StartSoon([&]() -> Task<> {
          Expect(co_await nursery.Start(child, &nursery));
        });
        co_await Nap(0);
        co_await Nap(0);
      };
      Expect(co_await WithNursery(target));
      EXPECT_EQ(alive, 0);
    };
    Expect(co_await WithNursery(outer));
    co_return SecondsSince(start);
  });
  EXPECT_EQ(elapsed.value_or(0), 1);
}

INSTANTIATE_TEST_SUITE_P(Cancel, CancelledTargetTest, ::testing::Bool());

TEST(NurseryStartMoveTest, DeadlineOfTheNewHomeReachesTheChild) {
  auto elapsed = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.cancel_scope().set_deadline(start + absl::Seconds(4));
      auto value = co_await nursery.Start<int>(Serve, 1, 100, absl::OkStatus());
      EXPECT_THAT(value, IsOk());
    };
    Expect(co_await WithNursery(body));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(elapsed.value_or(0), 4);
}

TEST(NurseryStartMoveTest, DeadlineOfTheCallerIsLeftBehind) {
  auto elapsed = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [&](Nursery& nursery) -> Task<> {
      auto value = co_await FailAfter(
          absl::Seconds(2), nursery.Start<int>(Serve, 1, 9, absl::OkStatus()));
      EXPECT_THAT(value, IsOk());
    };
    Expect(co_await WithNursery(body));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(elapsed.value_or(0), 10);
}

}  // namespace
}  // namespace creche
