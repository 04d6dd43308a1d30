// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/barrier.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/sync/select.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/expect_checkpoint.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

TEST(BarrierTest, OpensWhenAllHaveCome) {
  std::vector<int> went_on;
  InNursery([&](Nursery& nursery) -> Task<> {
    Barrier barrier(3);
    auto come = [&](int id) -> Task<> {
      const bool came_last = co_await barrier.Wait();
      EXPECT_EQ(came_last, id == 2);
      went_on.push_back(id);
    };
    nursery.StartSoon(come, 0);
    nursery.StartSoon(come, 1);
    co_await LetOthersRun();
    EXPECT_EQ(barrier.statistics().tasks_waiting, 2u);
    EXPECT_EQ(barrier.statistics().parties, 3u);
    EXPECT_TRUE(went_on.empty());
    nursery.StartSoon(come, 2);
    co_await LetOthersRun();
    EXPECT_EQ(barrier.statistics().tasks_waiting, 0u);
  });
  EXPECT_EQ(went_on, (std::vector<int>{2, 0, 1}));
}

// Nobody is in round n + 1 before all have ended round n, in any schedule.
TEST(BarrierTest, ServesRoundAfterRound) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Barrier barrier(4);
    std::vector<int> rounds(4);
    int last_ones = 0;
    auto come = [&](size_t id) -> Task<> {
      for (int round = 0; round < 10; ++round) {
        for (int others : rounds) {
          EXPECT_TRUE(others == round || others == round - 1);
        }
        if (co_await barrier.Wait()) ++last_ones;
        ++rounds[id];
      }
    };
    InNursery(
        [&](Nursery& nursery) -> Task<> {
          for (size_t id = 0; id < 4; ++id) nursery.StartSoon(come, id);
          co_return;
        },
        seed);
    EXPECT_EQ(last_ones, 10) << "with seed " << seed;
  }
}

TEST(BarrierTest, WhoIsCancelledDoesNotCount) {
  InNursery([](Nursery& nursery) -> Task<> {
    Barrier barrier(2);
    EXPECT_FALSE((co_await MoveOnAfter(absl::Seconds(1), barrier.Wait())));
    EXPECT_EQ(barrier.statistics().tasks_waiting, 0u);

    bool went_on = false;
    auto come = [&]() -> Task<> {
      co_await barrier.Wait();
      went_on = true;
    };
    nursery.StartSoon(come);
    co_await LetOthersRun();
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(co_await barrier.Wait());
    co_await LetOthersRun();
    EXPECT_TRUE(went_on);
  });
}

TEST(BarrierTest, BothOrdersOfTheLastArrivalAndACancellation) {
  InRun([]() -> Task<> {
    Barrier barrier(2);
    bool opened = false;
    const auto wait = [&] { return barrier.Wait(); };
    // What Wait() does first.
    const auto arrive = [&] { opened = barrier.Wait().TryComplete(); };
    EXPECT_TRUE(
        co_await CompleteAndCancel(Order::kCompleteThenCancel, wait, arrive));
    EXPECT_TRUE(opened);
    EXPECT_FALSE(
        co_await CompleteAndCancel(Order::kCancelThenComplete, wait, arrive));
    EXPECT_FALSE(opened);
  });
}

TEST(BarrierTest, OfOneNeverWaitsAndIsACheckpoint) {
  InRun([]() -> Task<> {
    Barrier barrier(1);
    EXPECT_TRUE(co_await barrier.Wait());
    co_await ExpectCheckpoint(barrier.Wait());
    EXPECT_TRUE(co_await IsCancelPoint([&] { return barrier.Wait(); }));
  });
}

// A task that selects is one of those that wait, until something else is
// chosen.
TEST(BarrierTest, CanBeSelected) {
  InNursery([](Nursery& nursery) -> Task<> {
    Barrier barrier(2);
    auto first = co_await Select(barrier.Wait(), SleepFor(absl::Seconds(1)));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(barrier.statistics().tasks_waiting, 0u);

    auto come = [&]() -> Task<> { EXPECT_TRUE(co_await barrier.Wait()); };
    nursery.StartSoon(come);
    auto second = co_await Select(barrier.Wait(), SleepFor(absl::Seconds(1)));
    EXPECT_EQ(second.index(), 0u);
    EXPECT_FALSE(std::get<0>(second));
  });
}

TEST(BarrierTest, CanBeCancelledAnywhere) {
  auto body = []() -> Task<absl::Status> {
    Barrier barrier(2);
    auto meet_twice = [&](Nursery& nursery) -> Task<> {
      auto come = [&]() -> Task<> {
        co_await barrier.Wait();
        co_await SleepFor(absl::Seconds(1));
        co_await barrier.Wait();
      };
      nursery.StartSoon(come);
      nursery.StartSoon(come);
      co_return;
    };
    co_return co_await WithNursery(meet_twice);
  };
  EXPECT_GT(CancelEverywhere(body), 5u);
}

TEST(BarrierDeathTest, OfNobody) {
  EXPECT_DEATH(Barrier{0}, "could never open");
}

TEST(BarrierDeathTest, DestroyedWhileATaskWaits) {
  auto destroy = [](Nursery& nursery) -> Task<> {
    auto barrier = std::make_unique<Barrier>(2);
    auto wait = [&]() -> Task<> { co_await barrier->Wait(); };
    nursery.StartSoon(wait);
    co_await LetOthersRun();
    barrier.reset();
  };
  EXPECT_DEATH(InNursery(destroy), "was destroyed");
}

}  // namespace
}  // namespace creche
