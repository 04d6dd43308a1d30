// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/select.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/sync/broadcast.h"
#include "creche/sync/channel.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/semaphore.h"
#include "creche/sync/watch.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

using Box = std::unique_ptr<int>;

TEST(SelectTest, TakesWhatIsReady) {
  InRun([]() -> Task<> {
    Event never;
    auto [send, receive] = MakeChannel<Box>(1);
    EXPECT_THAT(send.TrySend(std::make_unique<int>(5)), IsOk());

    auto first = co_await Select(never.Wait(), receive.Receive());

    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(**std::get<1>(first), 5);
    EXPECT_EQ(never.statistics().tasks_waiting, 0u);
  });
}

TEST(SelectTest, WaitsForTheFirst) {
  InNursery([](Nursery& nursery) -> Task<> {
    Event event;
    Lock lock;
    std::optional<LockGuard> held = lock.TryAcquire();
    Semaphore semaphore(0);
    auto [send, receive] = MakeChannel<int>(0);
    auto select = [&]() -> Task<> {
      auto first =
          co_await Select(event.Wait(), lock.Acquire(), semaphore.Acquire(),
                          receive.Receive(), SleepFor(absl::Seconds(1)));
      EXPECT_EQ(first.index(), 2u);
      EXPECT_TRUE(std::get<2>(first).is_held());
    };
    nursery.StartSoon(select);
    co_await LetOthersRun();
    EXPECT_EQ(event.statistics().tasks_waiting, 1u);
    EXPECT_EQ(lock.statistics().tasks_waiting, 1u);
    EXPECT_EQ(receive.statistics().tasks_waiting_to_receive, 1u);

    semaphore.Release();

    EXPECT_EQ(event.statistics().tasks_waiting, 0u);
    EXPECT_EQ(lock.statistics().tasks_waiting, 0u);
    EXPECT_TRUE(IsWouldBlock(send.TrySend(1)));
    held.reset();
    EXPECT_FALSE(lock.is_locked());
    co_await LetOthersRun();
    EXPECT_EQ(semaphore.available(), 1u);
  });
}

TEST(SelectTest, ADeadlineCanBeTheFirst) {
  InRun([]() -> Task<> {
    Event never;
    const absl::Time start = Now();

    auto first = co_await Select(never.Wait(), SleepFor(absl::Seconds(5)),
                                 SleepUntil(start + absl::Seconds(3)));

    EXPECT_EQ(first.index(), 2u);
    EXPECT_EQ(Now() - start, absl::Seconds(3));
  });
}

// The run finds both due at once, and wakes the task once.
TEST(SelectTest, OneOfTwoDeadlinesThatAreDueTogetherIsTheFirst) {
  InRun([]() -> Task<> {
    const absl::Time due = Now() + absl::Seconds(3);

    auto first = co_await Select(SleepUntil(due), SleepUntil(due));
    EXPECT_EQ(first.index(), 0u);
    EXPECT_EQ(Now(), due);

    // Nothing is left of the other.
    co_await SleepFor(absl::Seconds(1));
    EXPECT_EQ(Now(), due + absl::Seconds(1));
  });
}

TEST(SelectTest, WhatIsReadyGoesBeforeADeadlineThatHasPassed) {
  InRun([]() -> Task<> {
    Event event;
    event.Set();
    for (int i = 0; i < 20; ++i) {
      auto first =
          co_await Select(SleepFor(absl::ZeroDuration()), event.Wait());
      EXPECT_EQ(first.index(), 1u);
    }
  });
}

TEST(SelectTest, PrefersNobody) {
  InRun([]() -> Task<> {
    Event a;
    Event b;
    Event c;
    a.Set();
    b.Set();
    c.Set();
    std::vector<int> wins(3);
    for (int i = 0; i < 3000; ++i) {
      auto first = co_await Select(a.Wait(), b.Wait(), c.Wait());
      ++wins[first.index()];
    }
    for (int count : wins) EXPECT_NEAR(count, 1000, 200);
  });
}

// A loser can be named, and used again.
TEST(SelectTest, ASendThatLosesKeepsItsValue) {
  InRun([]() -> Task<> {
    auto [send, receive] = MakeChannel<Box>(0);
    auto sending = send.Send(std::make_unique<int>(7));

    auto first = co_await Select(sending, SleepFor(absl::Seconds(1)));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(send.statistics().tasks_waiting_to_send, 0u);
    EXPECT_EQ(*sending.value(), 7);

    first = co_await Select(sending, SleepFor(absl::Seconds(1)));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(*std::move(sending).value(), 7);
  });
}

TEST(SelectTest, TwoThatWaitForEachOther) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    int sent = 0;
    int received = 0;
    auto select = [&](int id) -> Task<> {
      auto first = co_await Select(send.Send(id), receive.Receive());
      if (first.index() == 0) {
        ++sent;
      } else {
        EXPECT_NE(std::get<1>(first), id);
        ++received;
      }
    };
    nursery.StartSoon(select, 1);
    co_await LetOthersRun();
    EXPECT_EQ(sent + received, 0);  // Not with itself.
    nursery.StartSoon(select, 2);
    co_await LetOthersRun();
    EXPECT_EQ(sent, 1);
    EXPECT_EQ(received, 1);
    EXPECT_EQ(send.statistics().tasks_waiting_to_send, 0u);
  });
}

TEST(SelectTest, SeveralOperationsOnOneHandleThatCloses) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    int ended = 0;
    auto select = [&]() -> Task<> {
      auto first =
          co_await Select(receive.Receive(), receive.Receive(), SleepForever());
      EXPECT_NE(first.index(), 2u);
      ++ended;
    };
    for (int i = 0; i < 3; ++i) nursery.StartSoon(select);
    co_await LetOthersRun();
    EXPECT_EQ(receive.statistics().tasks_waiting_to_receive, 6u);

    receive.Close();
    co_await LetOthersRun();
    EXPECT_EQ(ended, 3);
  });
}

TEST(SelectTest, WaitsForWatchesAndBroadcasts) {
  InNursery([](Nursery& nursery) -> Task<> {
    Watch<int> watch(0);
    Broadcast<int> broadcast(1);
    Subscription<int> subscription = broadcast.Subscribe();
    std::vector<size_t> winners;
    auto select = [&]() -> Task<> {
      for (int i = 0; i < 3; ++i) {
        WatchReader<int> reader(watch);
        EXPECT_EQ(co_await reader.Next(), watch.value());
        auto first = co_await Select(
            reader.Next(), watch.WaitUntil([](int v) { return v == 5; }),
            subscription.Receive());
        winners.push_back(first.index());
      }
    };
    nursery.StartSoon(select);
    co_await LetOthersRun();
    EXPECT_THAT(broadcast.Send(1), IsOk());
    co_await LetOthersRun();
    watch.Set(1);
    co_await LetOthersRun();
    EXPECT_EQ(winners, (std::vector<size_t>{2, 0}));
    watch.Set(5);
    co_await LetOthersRun();
    EXPECT_EQ(winners.size(), 3u);
    EXPECT_EQ(watch.statistics().tasks_waiting, 0u);
  });
}

class SelectCancellationTest : public ::testing::TestWithParam<Order> {};
INSTANTIATE_TEST_SUITE_P(BothOrders, SelectCancellationTest,
                         ::testing::Values(Order::kCompleteThenCancel,
                                           Order::kCancelThenComplete));

TEST_P(SelectCancellationTest, NobodyIsLeftBehind) {
  InRun([]() -> Task<> {
    Event event;
    auto [send, receive] = MakeChannel<int>(0);
    Receiver<int>& in = receive;
    auto select = [&]() -> Task<> {
      auto first = co_await Select(event.Wait(), in.Receive(), SleepForever());
      EXPECT_EQ(first.index(), 1u);
      EXPECT_EQ(std::get<1>(first), 3);
    };

    Sender<int>& out = send;
    const bool completed = co_await CompleteAndCancel(
        GetParam(), select, [&] { out.TrySend(3).IgnoreError(); });

    EXPECT_EQ(completed, GetParam() == Order::kCompleteThenCancel);
    EXPECT_EQ(event.statistics().tasks_waiting, 0u);
    EXPECT_EQ(receive.statistics().tasks_waiting_to_receive, 0u);
  });
}

TEST(SelectTest, IsACancelPointEvenIfSomethingIsReady) {
  InRun([]() -> Task<> {
    Semaphore semaphore(1);
    Event never;
    EXPECT_TRUE(co_await IsCancelPoint([&]() -> Task<> {
      auto first = co_await Select(semaphore.Acquire(), never.Wait());
      ADD_FAILURE() << first.index();
    }));
    EXPECT_EQ(semaphore.available(), 1u);
  });
}

TEST(SelectTest, ANamedSleepCountsFromEachSelect) {
  InRun([]() -> Task<> {
    const absl::Time start = Now();
    auto sleep = SleepFor(absl::Seconds(2));
    Event never;
    EXPECT_EQ((co_await Select(sleep, never.Wait())).index(), 0u);
    EXPECT_EQ((co_await Select(never.Wait(), sleep)).index(), 1u);
    EXPECT_EQ(Now() - start, absl::Seconds(4));
  });
}

}  // namespace
}  // namespace creche
