// SPDX-License-Identifier: Apache-2.0

#include "lib/core/run_clock.h"

#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/internal/deadline.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

TEST(RunClockTest, SaysWhatTheSystemClockSays) {
  SystemClock system_clock;
  RunClock clock(system_clock);

  const Nanoseconds before = ToNanoseconds(system_clock.Now());
  const Nanoseconds now = clock.Now();
  const Nanoseconds after = ToNanoseconds(system_clock.Now());

  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

// Long enough for many readings to be repeated, and for many not to be.
TEST(RunClockTest, NeverMakesADeadlineEarly) {
  SystemClock system_clock;
  RunClock clock(system_clock);
  Nanoseconds last = kLongAgo;

  for (int i = 0; i < 100'000; ++i) {
    const Nanoseconds before = system_clock.NowInNanoseconds();
    const Nanoseconds soon = clock.Soon();
    const Nanoseconds just_now = clock.JustNow();
    const Nanoseconds after = system_clock.NowInNanoseconds();

    ASSERT_GE(soon, before);
    ASSERT_LE(just_now, after);
    ASSERT_GE(just_now, before - RunClock::kWindow);
    ASSERT_LE(soon, after + RunClock::kWindow);
    ASSERT_GE(soon, last);
    last = i % 2 == 0 ? clock.Now() : soon;
  }
}

TEST(RunClockTest, SaysWhatAnyOtherClockSays) {
  MockClock mock_clock;
  RunClock clock(mock_clock);

  EXPECT_EQ(clock.Now(), ToNanoseconds(mock_clock.Now()));
  mock_clock.Advance(absl::Nanoseconds(7));
  const Nanoseconds now = ToNanoseconds(mock_clock.Now());
  EXPECT_EQ(clock.JustNow(), now);
  EXPECT_EQ(clock.Soon(), now);
}

}  // namespace
}  // namespace creche::internal
