// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/running.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/promise.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche::internal {
namespace {

std::vector<std::uint32_t> ChoicesOfARun(std::uint64_t seed) {
  std::vector<std::uint32_t> choices;
  MockClock clock;
  const auto main = [&]() -> Task<> {
    for (int i = 0; i < 20; ++i) choices.push_back(NextChoice(1000));
    co_return;
  };
  EXPECT_EQ(RunMockedOn(clock, main, seed), absl::OkStatus());
  return choices;
}

TEST(NextChoiceTest, IsTheSameWithTheSameSeed) {
  EXPECT_EQ(ChoicesOfARun(0), ChoicesOfARun(0));
  EXPECT_EQ(ChoicesOfARun(7), ChoicesOfARun(7));
  EXPECT_NE(ChoicesOfARun(7), ChoicesOfARun(8));
}

// Each choice six standard deviations or more from what is expected at most.
TEST(NextChoiceTest, IsFair) {
  for (const std::uint32_t n : {1u, 2u, 3u, 10u}) {
    std::array<int, 10> chosen{};
    for (int i = 0; i < 100'000; ++i) {
      const std::uint32_t choice = NextChoice(n);
      ASSERT_LT(choice, n);
      ++chosen[choice];
    }
    const auto [least, most] =
        std::minmax_element(chosen.begin(), chosen.begin() + n);
    EXPECT_NEAR(*least, 100'000 / n, 950);
    EXPECT_NEAR(*most, 100'000 / n, 950);
  }
}

TEST(MayNestTest, EndsBelowTheFloor) {
  const char* const floor = running.stack_floor;
  const char* const here = static_cast<const char*>(__builtin_frame_address(0));
  running.stack_floor = here - 10'000;
  EXPECT_TRUE(MayNest());
  running.stack_floor = here + 10'000;
  EXPECT_FALSE(MayNest());
  running.stack_floor = floor;
}

Task<absl::Status> EndsEarly() {
  co_await Try(absl::AbortedError("no"));
  co_return absl::OkStatus();
}
Task<absl::Status> EndsLater() {
  co_await Checkpoint();
  co_return co_await EndsEarly();
}
#if defined(__cpp_exceptions)
Task<> Throws() {
  throw 1;
  co_return;
}
#endif

// However a call has ended, its caller's code runs then.
TEST(RunningTest, FrameIsTheInnermostOneWhoseCodeRuns) {
  const absl::Status status = RunMocked([]() -> Task<> {
    const PromiseBase* const mine = &running.frame.promise();
    const auto call = [mine]() -> Task<> {
      const PromiseBase* const own = &running.frame.promise();
      EXPECT_NE(own, mine);
      (co_await EndsEarly()).IgnoreError();
      EXPECT_EQ(&running.frame.promise(), own);
    };
    co_await call();
    EXPECT_EQ(&running.frame.promise(), mine);
    (co_await EndsLater()).IgnoreError();
    EXPECT_EQ(&running.frame.promise(), mine);
    EXPECT_TRUE(co_await MoveOnAfter(absl::Hours(1), call));
    EXPECT_EQ(&running.frame.promise(), mine);
    EXPECT_TRUE(co_await MoveOnAfter(absl::Hours(1), Checkpoint()));
    EXPECT_EQ(&running.frame.promise(), mine);
    EXPECT_FALSE(co_await MoveOnAfter(absl::ZeroDuration(), EndsLater));
    EXPECT_EQ(&running.frame.promise(), mine);
#if defined(__cpp_exceptions)
    try {
      co_await Throws();
    } catch (int) {
      EXPECT_EQ(&running.frame.promise(), mine);
    }
#endif
  });
  EXPECT_EQ(status, absl::OkStatus());
}

TEST(RunningTest, IsNothingOutsideOfARun) {
  EXPECT_EQ(RunMocked([]() -> Task<> {
              EXPECT_NE(running.task, nullptr);
              EXPECT_NE(running.scheduler, nullptr);
              co_return;
            }),
            absl::OkStatus());
  EXPECT_EQ(running.task, nullptr);
  EXPECT_EQ(running.scheduler, nullptr);
  EXPECT_FALSE(running.next);
  EXPECT_EQ(running.completed, nullptr);
}

}  // namespace
}  // namespace creche::internal
