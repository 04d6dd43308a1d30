// SPDX-License-Identifier: Apache-2.0

#include "creche/core/sleep.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

TEST(SleepTest, SleepsAsLongAsTold) {
  auto slept = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    co_await SleepFor(absl::Milliseconds(1500));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(slept.value_or(0), 1.5);
}

// Beyond what nanoseconds since 1970 can count.
TEST(SleepTest, FarTimesAreNotForEver) {
  const absl::Time year_2300 =
      absl::FromCivil(absl::CivilYear(2300), absl::UTCTimeZone());
  absl::Status status = RunMocked([&]() -> Task<> {
    co_await SleepUntil(year_2300);
    EXPECT_GT(creche::Now(), year_2300 - absl::Hours(24 * 365 * 40));
    EXPECT_LT(creche::Now(), absl::InfiniteFuture());
  });
  EXPECT_THAT(status, IsOk());
}

TEST(SleepTest, FarTimeoutsAreNotForEver) {
  absl::Status status = RunMocked([]() -> Task<> {
    EXPECT_FALSE(co_await MoveOnAt(absl::FromUnixSeconds(1'000'000'000'000),
                                   SleepForever()));
  });
  EXPECT_THAT(status, IsOk());
  status = RunMocked([]() -> Task<> {
    EXPECT_FALSE(
        co_await MoveOnAfter(absl::Hours(24 * 366 * 300), SleepForever()));
  });
  EXPECT_THAT(status, IsOk());
}

TEST(SleepTest, SleepsUntilATime) {
  auto slept = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    co_await SleepUntil(start + absl::Seconds(3));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(slept.value_or(0), 3);
}

TEST(SleepTest, CountsFromTheAwait) {
  auto slept = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto later = SleepFor(absl::Seconds(1));
    co_await SleepFor(absl::Seconds(5));
    co_await std::move(later);
    co_return SecondsSince(start);
  });

  EXPECT_EQ(slept.value_or(0), 6);
}

// A sleep that is over when it begins is a Checkpoint().
TEST(SleepTest, LetsOthersRunEvenIfItIsOver) {
  std::string trace;
  RunMockedInOrder([&]() -> Task<> {
    const absl::Time start = creche::Now();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        for (int i = 0; i < 4; ++i) {
          trace += 'x';
          co_await Checkpoint();
        }
      });
      co_await SleepFor(absl::ZeroDuration());
      trace += '1';
      co_await SleepFor(-absl::Seconds(1));
      trace += '2';
      co_await SleepUntil(start);
      trace += '3';
      co_await SleepUntil(absl::InfinitePast());
      trace += '4';
    };
    absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
    EXPECT_EQ(creche::Now(), start);
  }).IgnoreError();

  EXPECT_EQ(trace, "x1x2x3x4");
}

TEST(SleepTest, IsACancelPointEvenIfItIsOver) {
  auto result = RunMocked([]() -> Task<bool> {
    auto body = []() -> Task<> {
      co_await SleepFor(absl::ZeroDuration());
      ADD_FAILURE() << "not cancelled";
    };
    co_return co_await MoveOnAfter(absl::ZeroDuration(), body);
  });

  EXPECT_FALSE(result.value_or(true));
}

TEST(SleepTest, WakesInOrderOfDeadlineThenOfArming) {
  std::string trace;
  RunMockedInOrder([&]() -> Task<> {
    auto sleeper = [&](char name, int seconds) -> Task<> {
      co_await SleepFor(absl::Seconds(seconds));
      trace += name;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(sleeper, 'c', 2);
      nursery.StartSoon(sleeper, 'd', 3);
      nursery.StartSoon(sleeper, 'a', 1);
      nursery.StartSoon(sleeper, 'b', 1);
      co_return;
    };
    absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
  }).IgnoreError();

  EXPECT_EQ(trace, "abcd");
}

TEST(SleepTest, ForeverEndsByCancellationOnly) {
  auto woken = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    const bool first = co_await MoveOnAfter(absl::Hours(1), SleepForever());
    const bool second = co_await MoveOnAfter(
        absl::Hours(1), SleepFor(absl::InfiniteDuration()));
    const bool third = co_await MoveOnAfter(absl::Hours(1),
                                            SleepUntil(absl::InfiniteFuture()));
    EXPECT_FALSE(first || second || third);
    co_return SecondsSince(start);
  });

  EXPECT_EQ(woken.value_or(0), 3 * 3600);
}

// A cancelled sleep leaves no deadline behind: the clock never jumps to it.
TEST(SleepTest, CancelledSleepLeavesNoDeadline) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    for (int i = 0; i < 100; ++i) {
      co_await MoveOnAfter(absl::Milliseconds(10), SleepFor(absl::Hours(1)));
    }
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 1);
}

}  // namespace
}  // namespace creche
