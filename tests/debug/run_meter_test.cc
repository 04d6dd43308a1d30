// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/run_meter.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

TEST(DurationHistogramTest, IsEmptyAtFirst) {
  DurationHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Percentile(0.99), absl::ZeroDuration());
  EXPECT_EQ(histogram.longest(), absl::ZeroDuration());
}

TEST(DurationHistogramTest, IsAtMostAnEighthTooLong) {
  for (absl::Duration length = absl::Nanoseconds(1);
       length < absl::Hours(24 * 365);
       length = length * 1.07 + absl::Nanoseconds(1)) {
    DurationHistogram histogram;
    histogram.Add(length);
    histogram.Add(absl::Hours(24 * 365 * 2));
    EXPECT_GE(histogram.Percentile(0.5),
              absl::Trunc(length, absl::Nanoseconds(1)));
    EXPECT_LE(histogram.Percentile(0.5), length * 1.125);
  }
}

TEST(DurationHistogramTest, TellsPercentiles) {
  DurationHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.Add(absl::Nanoseconds(3));
  histogram.Add(absl::Seconds(1));
  EXPECT_EQ(histogram.Percentile(0), absl::Nanoseconds(3));
  EXPECT_EQ(histogram.Percentile(0.99), absl::Nanoseconds(3));
  EXPECT_EQ(histogram.Percentile(1), absl::Seconds(1));
  EXPECT_EQ(histogram.longest(), absl::Seconds(1));
}

TEST(DurationHistogramTest, ShowsItsBuckets) {
  DurationHistogram histogram;
  EXPECT_TRUE(histogram.Buckets().empty());
  histogram.Add(absl::Nanoseconds(3));
  histogram.Add(absl::Nanoseconds(100));
  histogram.Add(absl::Nanoseconds(103));
  histogram.Add(absl::Nanoseconds(104));
  const auto buckets = histogram.Buckets();
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[0].shortest, absl::Nanoseconds(3));
  EXPECT_EQ(buckets[0].longest, absl::Nanoseconds(3));
  EXPECT_EQ(buckets[0].count, 1u);
  EXPECT_EQ(buckets[1].shortest, absl::Nanoseconds(96));
  EXPECT_EQ(buckets[1].longest, absl::Nanoseconds(103));
  EXPECT_EQ(buckets[1].count, 2u);
  EXPECT_EQ(buckets[2].shortest, absl::Nanoseconds(104));
  EXPECT_EQ(buckets[2].count, 1u);
}

TEST(DurationHistogramTest, EachLengthIsInOneBucket) {
  for (int length = 0; length < 5000; ++length) {
    DurationHistogram histogram;
    histogram.Add(absl::Nanoseconds(length));
    const DurationHistogram::Bucket bucket = histogram.Buckets().front();
    EXPECT_LE(bucket.shortest, absl::Nanoseconds(length));
    EXPECT_GE(bucket.longest, absl::Nanoseconds(length));
  }
}

TEST(DurationHistogramTest, TakesTheShortestAndTheLongest) {
  DurationHistogram histogram;
  histogram.Add(-absl::Seconds(1));
  EXPECT_EQ(histogram.longest(), absl::ZeroDuration());
  histogram.Add(absl::InfiniteDuration());
  EXPECT_GT(histogram.Percentile(1), absl::Hours(24 * 365));
}

// Keeps the loop for a second while another task could run.
TEST(RunMeterTest, MeasuresStepsAndHowLongOthersWaitedForTheirs) {
  FakePort port;
  MockClock clock(MockClock::kManual);
  RunMeter meter;
  MeteredStatistics seen;
  auto block = [&]() -> Task<> {
    clock.Advance(absl::Seconds(1));
    co_return;
  };
  auto look = [&]() -> Task<> {
    seen = meter.Snapshot();
    co_return;
  };
  EXPECT_THAT(
      creche::Run({.clock = &clock, .port = &port, .instruments = {&meter}},
                  [&]() -> Task<absl::Status> {
                    auto body = [&](Nursery& nursery) -> Task<> {
                      nursery.StartSoon(block);
                      nursery.StartSoon(look);
                      co_return;
                    };
                    co_return co_await WithNursery(body);
                  }),
      IsOk());
  EXPECT_EQ(seen.tasks_living, 2u);  // main, and the one that looks.
  EXPECT_EQ(seen.steps, 2u);
  EXPECT_EQ(seen.longest_step, absl::Seconds(1));
  EXPECT_EQ(seen.queue_delay_p50, absl::ZeroDuration());
  EXPECT_EQ(seen.queue_delay_p99, absl::Seconds(1));
}

TEST(RunMeterTest, SaysAfterTheRunWhatWasAndForgetsItWhenTold) {
  FakePort port;
  MockClock clock;
  RunMeter meter;
  EXPECT_THAT(
      creche::Run({.clock = &clock, .port = &port, .instruments = {&meter}},
                  []() -> Task<> { co_await SleepFor(absl::Seconds(1)); }),
      IsOk());
  EXPECT_EQ(meter.Snapshot().steps, 2u);
  EXPECT_EQ(meter.queue_delays().count(), 2u);
  // From the end of the sleep.
  EXPECT_EQ(meter.queue_delays().longest(), absl::ZeroDuration());
  EXPECT_EQ(meter.Snapshot().tasks_living, 0u);
  meter.Reset();
  EXPECT_EQ(meter.Snapshot().steps, 0u);
  EXPECT_EQ(meter.queue_delays().count(), 0u);
}

}  // namespace
}  // namespace creche
