// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/deadline.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

TEST(DeadlineTest, ConvertsThereAndBack) {
  for (const Nanoseconds when :
       {Nanoseconds{0}, Nanoseconds{1}, Nanoseconds{-1}, Nanoseconds{1} << 60,
        -(Nanoseconds{1} << 60), kFarFuture, kFarPast, kNever, kLongAgo}) {
    EXPECT_EQ(ToNanoseconds(FromNanoseconds(when)), when);
  }
}

TEST(DeadlineTest, RoundsUp) {
  const absl::Duration quarter = absl::Nanoseconds(1) / 4;
  EXPECT_EQ(ToNanoseconds(absl::FromUnixNanos(5) + quarter), 6);
  EXPECT_EQ(ToNanoseconds(absl::FromUnixNanos(-5) + quarter), -4);
  EXPECT_EQ(ToNanoseconds(absl::FromUnixNanos(5)), 5);
  EXPECT_EQ(ToNanoseconds(absl::Nanoseconds(1) + quarter), 2);
}

TEST(DeadlineTest, Saturates) {
  EXPECT_EQ(ToNanoseconds(absl::InfiniteFuture()), kNever);
  EXPECT_EQ(ToNanoseconds(absl::InfinitePast()), kLongAgo);
  EXPECT_EQ(FromNanoseconds(kNever), absl::InfiniteFuture());
  EXPECT_EQ(FromNanoseconds(kLongAgo), absl::InfinitePast());
}

TEST(DeadlineTest, WhatIsFiniteStaysFinite) {
  const absl::Time late = absl::FromUnixSeconds(1'000'000'000'000);
  const absl::Time early = absl::FromUnixSeconds(-1'000'000'000'000);
  EXPECT_EQ(ToNanoseconds(late), kFarFuture);
  EXPECT_EQ(ToNanoseconds(early), kFarPast);
  EXPECT_EQ(ToNanoseconds(late - absl::UnixEpoch()), kFarFuture);
  EXPECT_NE(FromNanoseconds(kFarFuture), absl::InfiniteFuture());
  EXPECT_NE(FromNanoseconds(kFarPast), absl::InfinitePast());
  EXPECT_EQ(AddSaturating(5, kFarFuture), kFarFuture);
  EXPECT_EQ(AddSaturating(1, kFarFuture - 1), kFarFuture);
  EXPECT_EQ(AddSaturating(2, kFarFuture - 1), kFarFuture);
  EXPECT_EQ(AddSaturating(-5, kFarPast), kFarPast);
}

TEST(DeadlineTest, LaterSaturates) {
  const Nanoseconds now = Nanoseconds{1'700'000'000} * 1'000'000'000;
  EXPECT_EQ(AddSaturating(now, ToNanoseconds(absl::Seconds(1))),
            now + 1'000'000'000);
  EXPECT_EQ(AddSaturating(now, ToNanoseconds(-absl::Seconds(1))),
            now - 1'000'000'000);
  EXPECT_EQ(AddSaturating(now, ToNanoseconds(absl::InfiniteDuration())),
            kNever);
  EXPECT_EQ(AddSaturating(now, ToNanoseconds(absl::Hours(24 * 365 * 290))),
            kFarFuture);
  EXPECT_EQ(AddSaturating(0, ToNanoseconds(-absl::InfiniteDuration())),
            kLongAgo);
}

// Clocks may begin before 1970.
TEST(DeadlineTest, ForeverIsForeverFromAnyStart) {
  EXPECT_EQ(AddSaturating(-5, ToNanoseconds(absl::InfiniteDuration())), kNever);
  EXPECT_EQ(AddSaturating(5, ToNanoseconds(-absl::InfiniteDuration())),
            kLongAgo);
}

}  // namespace
}  // namespace creche::internal
