// SPDX-License-Identifier: Apache-2.0

#include "creche/core/combinators.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/error_group.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

template <typename Body>
auto RunTest(Body body) {
  FakePort port;
  MockClock clock;
  return creche::Run({.clock = &clock, .port = &port}, body);
}

template <typename T>
Task<T> After(int seconds, T value) {
  co_await SleepFor(absl::Seconds(seconds));
  co_return value;
}
Task<> Nothing() { co_return; }

TEST(WhenAllTest, GivesEachBodysValue) {
  auto result = RunTest([]() -> Task<bool> {
    auto all = co_await WhenAll(
        After(2, 7), After(1, absl::StatusOr<std::string>("text")),
        After(0, absl::OkStatus()), Nothing(), SleepFor(absl::Seconds(1)));
    using Expected = absl::StatusOr<std::tuple<int, std::string, std::monostate,
                                               std::monostate, std::monostate>>;
    static_assert(std::is_same_v<decltype(all), Expected>);
    EXPECT_THAT(all, IsOk());
    EXPECT_EQ(std::get<0>(*all), 7);
    EXPECT_EQ(std::get<1>(*all), "text");
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

// clang took the bodies for references that dangle.
TEST(WhenAllTest, OwnsBodiesThatAreAwaitedLater) {
  auto result = RunTest([]() -> Task<bool> {
    auto all = WhenAll(After(2, 7), Nothing());
    auto race = Race(After(1, 5), SleepForever());
    EXPECT_THAT(co_await std::move(all), IsOk());
    EXPECT_EQ(std::get<0>(co_await std::move(race)), 5);
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

TEST(WhenAllTest, FirstErrorCancelsTheOthers) {
  auto result = RunTest([]() -> Task<bool> {
    const absl::Time start = Now();
    auto all = co_await WhenAll(After(5, 1), After(1, absl::DataLossError("x")),
                                SleepForever());
    EXPECT_EQ(all.status(), absl::DataLossError("x"));
    EXPECT_EQ(Now() - start, absl::Seconds(1));
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

TEST(WhenAllTest, TakesAVector) {
  auto result = RunTest([]() -> Task<bool> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(After(5 - i, i));
    auto all = co_await WhenAll(std::move(tasks));
    EXPECT_THAT(all, IsOk());
    EXPECT_EQ(*all, (std::vector<int>{0, 1, 2, 3, 4}));
    std::vector<Task<absl::Status>> failing;
    failing.push_back(After(1, absl::AbortedError("a")));
    failing.push_back(After(1, absl::DataLossError("b")));
    auto failed = co_await WhenAll(std::move(failing));
    EXPECT_EQ(Errors(failed.status()).size(), 2u);
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

TEST(RaceTest, GivesTheFirstAndCancelsTheOthers) {
  auto result = RunTest([]() -> Task<bool> {
    const absl::Time start = Now();
    auto [slow, fast, never] = co_await Race(
        After(9, 1), After(3, std::string("won")), SleepForever());
    EXPECT_EQ(slow, std::nullopt);
    EXPECT_EQ(fast, "won");
    EXPECT_FALSE(never);
    EXPECT_EQ(Now() - start, absl::Seconds(3));
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

TEST(RaceTest, GivesAllThatCompletedInTheSameTick) {
  auto result = RunTest([]() -> Task<bool> {
    auto [a, b] = co_await Race(After(1, 1), After(1, 2));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

Task<int> DespiteCancellation(int value) {
  co_await Shield(SleepFor(absl::Seconds(2)));
  co_return value;
}

TEST(RaceTest, KeepsWhatCompletedWhenCancelledFromOutside) {
  auto result = RunTest([]() -> Task<bool> {
    std::optional<int> kept;
    bool reached_a_checkpoint = false;
    auto body = [&]() -> Task<> {
      auto [first, second] =
          co_await Race(DespiteCancellation(7), SleepForever());
      kept = first;
      co_await Checkpoint();
      reached_a_checkpoint = true;
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), body));
    EXPECT_EQ(kept, 7);
    EXPECT_FALSE(reached_a_checkpoint);
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

TEST(RaceTest, IsCancelledWhileNoneHasCompleted) {
  auto result = RunTest([]() -> Task<bool> {
    auto race = co_await MoveOnAfter(absl::Seconds(1),
                                     Race(SleepForever(), SleepForever()));
    EXPECT_FALSE(race.has_value());
    co_return true;
  });
  EXPECT_THAT(result, IsOk());
}

#if defined(__cpp_exceptions)
Task<> ThrowWhenCancelled() {
  auto body = SleepForever();
  auto cleanup = []() -> Task<> {
    throw std::runtime_error("cleanup");
    co_return;
  };
  co_await WithCleanup(std::move(body), cleanup);
}

TEST(RaceTest, GivesWhatHasCompletedAlsoIfALoserThrows) {
  int value = 0;
  std::string what;
  EXPECT_THAT(RunTest([&]() -> Task<> {
                using Results = std::tuple<std::optional<int>, bool, bool>;
                try {
                  co_await Race(After(1, 7), ThrowWhenCancelled(),
                                SleepForever());
                } catch (RaceExceptionGroup<Results>& failed) {
                  value = std::get<0>(failed.completed()).value_or(0);
                  EXPECT_FALSE(std::get<1>(failed.completed()));
                  EXPECT_FALSE(std::get<2>(failed.completed()));
                  what = failed.what();
                }
              }),
              IsOk());
  EXPECT_EQ(value, 7);
  EXPECT_EQ(what, "1 exception: cleanup");
}

TEST(RaceTest, ThrowsAPlainGroupIfNothingHasCompleted) {
  bool is_plain = false;
  auto fail = []() -> Task<> {
    throw std::runtime_error("first");
    co_return;
  };
  EXPECT_THAT(RunTest([&]() -> Task<> {
                try {
                  co_await Race(fail(), SleepForever());
                } catch (const ExceptionGroup& group) {
                  is_plain = typeid(group) == typeid(ExceptionGroup);
                }
              }),
              IsOk());
  EXPECT_TRUE(is_plain);
}
#endif

}  // namespace
}  // namespace creche
