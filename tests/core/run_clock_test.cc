// SPDX-License-Identifier: Apache-2.0

#include "lib/core/run_clock.h"

#include "creche/core/clock.h"
#include "creche/internal/deadline.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

TEST(RunClockTest, SaysWhatTheSystemClockSays) {
  SystemClock system_clock;
  const RunClock clock(system_clock);

  const Nanoseconds before = ToNanoseconds(system_clock.Now());
  const Nanoseconds now = clock.Now();
  const Nanoseconds after = ToNanoseconds(system_clock.Now());

  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

TEST(RunClockTest, SaysWhatAnyOtherClockSays) {
  testing::MockClock mock_clock;
  const RunClock clock(mock_clock);

  EXPECT_EQ(clock.Now(), ToNanoseconds(mock_clock.Now()));
}

}  // namespace
}  // namespace creche::internal
