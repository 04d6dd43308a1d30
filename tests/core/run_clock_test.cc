// SPDX-License-Identifier: Apache-2.0

#include "lib/core/run_clock.h"

#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/internal/deadline.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

// The kernel's tick is at most 10 ms (CONFIG_HZ=100).
constexpr Nanoseconds kLongestTick = 10'000'000;

TEST(RunClockTest, BoundIsNeverBeforeNow) {
  SystemClock system_clock;
  const RunClock clock(system_clock);
  ASSERT_TRUE(clock.has_bounds());

  for (int i = 0; i < 100'000; ++i) {
    const Nanoseconds before = clock.Now();
    const Nanoseconds bound = clock.Bound();
    const Nanoseconds after = clock.Now();
    ASSERT_GE(bound, before);
    ASSERT_LE(bound, after + kLongestTick);
  }
}

TEST(RunClockTest, SaysWhatItsClockSays) {
  SystemClock system_clock;
  const RunClock real(system_clock);
  const Nanoseconds before = ToNanoseconds(system_clock.Now());
  EXPECT_LE(before, real.Now());
  EXPECT_LE(real.Now(), ToNanoseconds(system_clock.Now()));

  testing::MockClock mock_clock;
  const RunClock mocked(mock_clock);
  EXPECT_FALSE(mocked.has_bounds());
  EXPECT_EQ(mocked.Now(), ToNanoseconds(mock_clock.Now()));
}

}  // namespace
}  // namespace creche::internal
