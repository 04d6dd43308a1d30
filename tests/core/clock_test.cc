// SPDX-License-Identifier: Apache-2.0

#include "creche/core/clock.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

TEST(SystemClockTest, StartsAtTheWallClocksTime) {
  SystemClock clock;
  const absl::Duration off = clock.Now() - absl::Now();

  EXPECT_LT(absl::AbsDuration(off), absl::Seconds(10));
}

TEST(SystemClockTest, NeverGoesBack) {
  SystemClock clock;
  absl::Time last = clock.Now();
  for (int i = 0; i < 10'000; ++i) {
    const absl::Time now = clock.Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClockTest, SaysHowLongToWait) {
  SystemClock clock;
  EXPECT_EQ(clock.WaitFor(absl::InfiniteFuture(), true),
            absl::InfiniteDuration());
  EXPECT_LE(clock.WaitFor(clock.Now(), false), absl::ZeroDuration());
  EXPECT_GT(clock.WaitFor(clock.Now() + absl::Hours(1), false),
            absl::Minutes(59));
}

// The one test that waits for real: a millisecond, never less.
TEST(SystemClockTest, SleepsAreNeverEarly) {
  FakePort port;
  auto slept = creche::Run({.port = &port}, []() -> Task<absl::Duration> {
    const absl::Time start = creche::Now();
    co_await SleepFor(absl::Milliseconds(1));
    co_return creche::Now() - start;
  });

  EXPECT_GE(slept.value_or(absl::ZeroDuration()), absl::Milliseconds(1));
}

TEST(NowTest, IsTheRunsClock) {
  MockClock clock(MockClock::kManual);
  const absl::Time start = clock.Now();
  absl::Status status = RunMockedOn(clock, [&]() -> Task<> {
    clock.Advance(absl::Hours(2));
    EXPECT_EQ(creche::Now(), start + absl::Hours(2));
    co_return;
  });
  EXPECT_THAT(status, IsOk());
}

// Time that nobody mistakes for the wall clock's.
TEST(NowTest, MockedTimeIsFarFromTheWallClocks) {
  MockClock clock;
  EXPECT_GT(absl::Now() - clock.Now(), absl::Hours(24 * 365));
}

}  // namespace
}  // namespace creche
