// SPDX-License-Identifier: Apache-2.0

#include "creche/core/statistics.h"

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

Task<> Sleep(absl::Duration duration) { co_await SleepFor(duration); }

TEST(StatisticsTest, CountsTasksAndDeadlines) {
  FakePort port;
  MockClock clock;
  auto status = creche::Run({.clock = &clock, .port = &port}, []() -> Task<> {
    EXPECT_EQ(statistics().tasks_living, 1u);
    EXPECT_EQ(statistics().until_next_deadline, absl::InfiniteDuration());
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Sleep, absl::Seconds(3));
      nursery.StartSoon(Sleep, absl::Seconds(2));
      EXPECT_EQ(statistics().tasks_runnable, 2u);
      co_await Checkpoint();
      EXPECT_EQ(statistics().tasks_living, 3u);
      EXPECT_EQ(statistics().tasks_runnable, 0u);
      EXPECT_EQ(statistics().deadlines, 2u);
      EXPECT_EQ(statistics().until_next_deadline, absl::Seconds(2));
    };
    (void)co_await WithNursery(body);
    EXPECT_EQ(statistics().tasks_living, 1u);
    EXPECT_EQ(statistics().deadlines, 0u);
  });
  EXPECT_THAT(status, IsOk());
}

// Those of the batch that have not had their turn, and those of the next.
TEST(StatisticsTest, CountsTheRunnableInTheMiddleOfABatch) {
  FakePort port;
  std::vector<size_t> runnable;
  auto status = creche::Run({.port = &port}, [&]() -> Task<> {
    auto look = [&]() -> Task<> {
      runnable.push_back(statistics().tasks_runnable);
      co_await Checkpoint();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 3; ++i) nursery.StartSoon(look);
      co_return;
    };
    (void)co_await WithNursery(body);
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(runnable, (std::vector<size_t>{2, 1 + 1, 2}));
}

TEST(StatisticsDeathTest, AbortsOutsideOfARun) {
  EXPECT_DEATH(statistics(), "statistics\\(\\) was called outside of a run");
}

}  // namespace
}  // namespace creche
