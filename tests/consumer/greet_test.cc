// The first test of somebody who depends on creche.

#include <optional>

#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"

namespace {

// Virtual time: this takes none.
CRECHE_TEST(ConsumerTest, TimesOut) {
  const absl::Time start = creche::Now();
  const bool done =
      co_await creche::MoveOnAfter(absl::Hours(1), creche::SleepForever());
  EXPECT_FALSE(done);
  EXPECT_EQ(creche::Now() - start, absl::Hours(1));
}

}  // namespace
