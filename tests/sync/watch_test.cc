// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/watch.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/timeouts.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

TEST(WatchTest, WaitUntilIsDoneAtOnceIfItIsSo) {
  InRun([]() -> Task<> {
    Watch<int> watch(5);
    EXPECT_EQ(co_await watch.WaitUntil([](int v) { return v == 5; }), 5);
  });
}

TEST(WatchTest, WaitUntilGivesTheValueThatItWaitedFor) {
  InNursery([](Nursery& nursery) -> Task<> {
    Watch<int> watch(0);
    std::vector<int> seen;
    auto wait = [&](int for_what) -> Task<> {
      seen.push_back(co_await watch.WaitUntil(
          [for_what](int v) { return v == for_what; }));
    };
    nursery.StartSoon(wait, 2);
    nursery.StartSoon(wait, 1);
    nursery.StartSoon(wait, 3);
    co_await LetOthersRun();

    watch.Set(1);
    watch.Set(2);
    EXPECT_EQ(watch.statistics().tasks_waiting, 1u);
    co_await LetOthersRun();

    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
    EXPECT_EQ(watch.value(), 2);
    nursery.Cancel();
  });
}

TEST(WatchTest, AReaderSeesTheLatestOnly) {
  InNursery([](Nursery& nursery) -> Task<> {
    Watch<std::string> watch("a");
    std::vector<std::string> seen;
    auto read = [&]() -> Task<> {
      WatchReader<std::string> reader(watch);
      for (;;) seen.push_back(co_await reader.Next());
    };
    nursery.StartSoon(read);
    co_await LetOthersRun();
    watch.Set("b");
    watch.Set("c");
    co_await LetOthersRun();
    watch.Set("d");
    co_await LetOthersRun();

    EXPECT_EQ(seen, (std::vector<std::string>{"a", "c", "d"}));
    nursery.Cancel();
  });
}

TEST(WatchTest, ReadersAreIndependent) {
  InRun([]() -> Task<> {
    Watch<int> watch(1);
    WatchReader<int> a(watch);
    WatchReader<int> b(watch);

    EXPECT_EQ(co_await a.Next(), 1);
    EXPECT_FALSE(a.has_next());
    watch.Set(2);
    EXPECT_EQ(co_await a.Next(), 2);
    EXPECT_EQ(co_await b.Next(), 2);
    EXPECT_FALSE(b.has_next());
  });
}

class WatchCancellationTest : public ::testing::TestWithParam<Order> {};
INSTANTIATE_TEST_SUITE_P(BothOrders, WatchCancellationTest,
                         ::testing::Values(Order::kCompleteThenCancel,
                                           Order::kCancelThenComplete));

TEST_P(WatchCancellationTest, Next) {
  InRun([]() -> Task<> {
    Watch<int> watch(1);
    WatchReader<int> reader(watch);
    EXPECT_EQ(co_await reader.Next(), 1);
    auto next = [&]() -> Task<> { EXPECT_EQ(co_await reader.Next(), 2); };

    const bool completed =
        co_await CompleteAndCancel(GetParam(), next, [&] { watch.Set(2); });

    EXPECT_EQ(completed, GetParam() == Order::kCompleteThenCancel);
    EXPECT_EQ(reader.has_next(), !completed);
    EXPECT_EQ(watch.statistics().tasks_waiting, 0u);
  });
}

TEST_P(WatchCancellationTest, WaitUntil) {
  InRun([]() -> Task<> {
    Watch<int> watch(1);
    auto wait = [&]() -> Task<> {
      EXPECT_EQ(co_await watch.WaitUntil([](int v) { return v > 1; }), 2);
    };

    const bool completed =
        co_await CompleteAndCancel(GetParam(), wait, [&] { watch.Set(2); });

    EXPECT_EQ(completed, GetParam() == Order::kCompleteThenCancel);
    EXPECT_EQ(watch.statistics().tasks_waiting, 0u);
  });
}

}  // namespace
}  // namespace creche
