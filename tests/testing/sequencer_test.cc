// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/sequencer.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CRECHE_TEST(SequencerTest, OrdersPiecesOfSeveralTasks) {
  Sequencer sequence;
  std::vector<int> order;
  auto run = [&](int first, int second) -> Task<> {
    {
      auto turn = co_await sequence(first);
      co_await Checkpoint();
      order.push_back(first);
    }
    auto turn = co_await sequence(second);
    order.push_back(second);
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(run, 1, 3);
    nursery.StartSoon(run, 0, 4);
    nursery.StartSoon(run, 2, 5);
    co_return;
  };
  CO_ASSERT_OK(co_await WithNursery(body));

  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5));
}

CRECHE_TEST(SequencerTest, ATurnNobodyKeepsIsOverAtOnce) {
  Sequencer sequence;

  co_await sequence(0);
  co_await sequence(1);
}

TEST(SequencerTest, IsBrokenByACancelledTask) {
  const std::string failures = FailuresInRun([]() -> Task<> {
    Sequencer sequence;
    EXPECT_FALSE(
        (co_await MoveOnAfter(absl::Seconds(1), sequence(1))).has_value());
    co_await sequence(2);
  });

  EXPECT_THAT(failures, HasSubstr("turn 2 of a Sequencer can never come"));
}

TEST(SequencerTest, AFailureIsWhereTheTurnWasAskedFor) {
  ::testing::TestPartResultArray results;
  {
    ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::
            INTERCEPT_ONLY_CURRENT_THREAD,
        &results);
    auto body = []() -> Task<> {
      Sequencer sequence;
      co_await MoveOnAfter(absl::Seconds(1), sequence(1));
      co_await sequence(2);
    };
    internal::RunTestBody(__FILE__, __LINE__, body);
  }
  ASSERT_EQ(results.size(), 1);
  EXPECT_THAT(results.GetTestPartResult(0).file_name(),
              ::testing::EndsWith("sequencer_test.cc"));
}

TEST(SequencerDeathTest, ATurnIsAskedForOnce) {
  auto ask_twice = []() -> Task<> {
    Sequencer sequence;
    co_await sequence(0);
    co_await sequence(0);
  };

  EXPECT_DEATH(internal::RunTestBody(__FILE__, __LINE__, ask_twice),
               "turn 0 of a Sequencer was asked for twice");
}

CRECHE_TEST(WaitAllTasksBlockedTest, LetsOthersGoAsFarAsTheyCan) {
  ParkingLot lot;
  auto wanderer = [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) co_await Checkpoint();
    co_await lot.Park();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(wanderer);
    nursery.StartSoon(wanderer);
    co_await WaitAllTasksBlocked();
    EXPECT_EQ(lot.size(), 2);
    lot.UnparkAll();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(WaitAllTasksBlockedTest, LetsNoTimePass) {
  const absl::Time start = Now();
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([]() -> Task<> { co_await SleepFor(absl::Hours(1)); });
    co_await WaitAllTasksBlocked();
    EXPECT_EQ(Now(), start);
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(WaitAllTasksBlockedTest, WakesAllThatWaitForItTogether) {
  int arrived = 0;
  auto waiter = [&]() -> Task<> {
    ++arrived;
    co_await WaitAllTasksBlocked();
    EXPECT_EQ(arrived, 3);
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 3; ++i) nursery.StartSoon(waiter);
    co_return;
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(WaitAllTasksBlockedTest, IsCancelled) {
  EXPECT_FALSE(
      co_await MoveOnAfter(absl::ZeroDuration(), WaitAllTasksBlocked()));
}

}  // namespace
}  // namespace creche
