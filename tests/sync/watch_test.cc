// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/watch.h"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/task_local.h"
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

TaskLocal<std::string> task_name;

// Whoever calls it, it is part of the task that waits.
TEST(WatchTest, APredicateSeesTheTaskLocalsOfItsTask) {
  std::vector<std::string> seen;
  InNursery([&](Nursery& nursery) -> Task<> {
    Watch<int> watch(0);
    auto wait = [&]() -> Task<> {
      co_await watch.WaitUntil([&](int value) {
        seen.push_back(task_name.Get().value_or("none"));
        return value == 1;
      });
    };
    nursery.StartSoon(
        [&]() -> Task<> { co_await task_name.With("waiter", wait()); });
    co_await LetOthersRun();
    auto set = [&]() -> Task<> {
      watch.Set(1);
      EXPECT_EQ(task_name.Get(), "setter");
      co_return;
    };
    co_await task_name.With("setter", set());
    co_await LetOthersRun();
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"waiter", "waiter"}));
}

TEST(WatchTest, APredicateMayCancelItsOwnWait) {
  InNursery([&](Nursery& nursery) -> Task<> {
    Watch<int> watch(0);
    CancelScope scope;
    auto cancelling = watch.WaitUntil([&](int value) {
      if (value == 1) scope.Cancel();
      return value == 1;
    });
    auto wait = [&]() -> Task<> {
      EXPECT_FALSE(co_await scope.Run(std::move(cancelling)));
    };
    nursery.StartSoon(wait);
    co_await LetOthersRun();
    watch.Set(1);
    co_await LetOthersRun();
    EXPECT_TRUE(scope.cancelled_caught());
  });
}

// A value that sets the next one when it is destroyed.
TEST(WatchTest, AValueMaySetTheNextWhenItIsDestroyed) {
  struct SetsNext {
    Watch<std::shared_ptr<SetsNext>>* watch;
    ~SetsNext() {
      if (watch != nullptr) watch->Set(nullptr);
    }
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    Watch<std::shared_ptr<SetsNext>> watch(nullptr);
    watch.Set(std::make_shared<SetsNext>(&watch));
    int woken = 0;
    auto wait = [&]() -> Task<> {
      co_await watch.WaitUntil([](const auto& value) {
        return value != nullptr && value->watch == nullptr;
      });
      ++woken;
      co_await watch.WaitUntil([](const auto& value) { return !value; });
      ++woken;
    };
    nursery.StartSoon(wait);
    co_await LetOthersRun();
    watch.Set(std::make_shared<SetsNext>(nullptr));
    EXPECT_EQ(watch.value(), nullptr);
    co_await LetOthersRun();
    EXPECT_EQ(woken, 2);
  });
}

#if defined(__cpp_exceptions)
// Throws when it is copied, so many times.
class HardToCopy {
 public:
  explicit HardToCopy(int* throws) : throws_(throws) {}
  HardToCopy(const HardToCopy& other) : throws_(other.throws_) {
    if (*throws_ > 0 && (*throws_)-- > 0) throw std::runtime_error("copy");
  }
  HardToCopy(HardToCopy&&) noexcept = default;
  HardToCopy& operator=(HardToCopy&&) noexcept = default;

 private:
  int* throws_;
};

TEST(WatchTest, WhatIsThrownConcernsTheTaskThatWaitsOnly) {
  int throws = 0;
  int thrown = 0;
  int done = 0;
  Watch<HardToCopy> watch{HardToCopy(&throws)};
  WatchReader<HardToCopy> reader(watch);
  bool is_ready = false;
  auto wait = [&]() -> Task<> {
    try {
      co_await watch.WaitUntil([&](const HardToCopy&) { return is_ready; });
    } catch (const std::runtime_error&) {
      ++thrown;
    }
    ++done;
  };
  auto wait_badly = [&]() -> Task<> {
    try {
      co_await watch.WaitUntil([&](const HardToCopy&) {
        if (is_ready) throw std::runtime_error("predicate");
        return false;
      });
    } catch (const std::runtime_error&) {
      ++thrown;
    }
    ++done;
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    co_await reader.Next();
    nursery.StartSoon(wait);
    nursery.StartSoon(wait_badly);
    nursery.StartSoon(wait);
    co_await LetOthersRun();
    is_ready = true;
    throws = 1;
    watch.Set(HardToCopy(&throws));
    co_await LetOthersRun();
    EXPECT_EQ(thrown, 2);
    EXPECT_EQ(done, 3);
    throws = 1;
    bool has_thrown = false;
    try {
      co_await reader.Next();
    } catch (const std::runtime_error&) {
      has_thrown = true;
    }
    EXPECT_TRUE(has_thrown);
    EXPECT_TRUE(reader.has_next());
  });
}
#endif

}  // namespace
}  // namespace creche
