// Uses an example of creche's as it is.

#include "examples/wait_limit.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"

namespace {

creche::Task<absl::Status> Silence() {
  co_await creche::SleepForever();
  co_return absl::OkStatus();
}

CRECHE_TEST(ConsumerTest, LimitsAWait) {
  examples::WaitLimit waits(1, absl::Minutes(1));
  const absl::Status status = co_await waits.For(Silence());
  EXPECT_TRUE(creche::IsTimeout(status));
}

}  // namespace
