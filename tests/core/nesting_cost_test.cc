// SPDX-License-Identifier: Apache-2.0
//
// What is nested deeply costs no more per level than what is not.

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/error_group.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/growth.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

Task<> NestNurseries(int depth) {
  auto body = [depth](Nursery& nursery) -> Task<> {
    if (depth > 0) nursery.StartSoon(NestNurseries, depth - 1);
    co_await SleepForever();
  };
  (void)co_await WithNursery(body);
}

Task<> NestScopes(int depth) {
  CancelScope scope;
  if (depth > 0) {
    co_await scope.Run(NestScopes(depth - 1));
  } else {
    co_await scope.Run(SleepForever());
  }
}

Task<> NestShields(int depth) {
  CancelScope scope({.shield = true});
  scope.Cancel("inside");
  if (depth > 0) {
    co_await scope.Run(NestShields(depth - 1));
  } else {
    co_await scope.Run(SleepForever());
  }
}

template <typename Nest>
void CancelNested(Nest nest, int depth) {
  EXPECT_THAT(
      RunMocked([&]() -> Task<> {
        EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), nest(depth)));
      }),
      IsOk());
}

TEST(NestingCostTest, CancellingNurseriesIsLinearInTheirDepth) {
  EXPECT_LT(Growth([](int depth) { CancelNested(NestNurseries, depth); }, 4000),
            kLinear);
}

TEST(NestingCostTest, CancellingScopesIsLinearInTheirDepth) {
  EXPECT_LT(Growth([](int depth) { CancelNested(NestScopes, depth); }, 4000),
            kLinear);
}

TEST(NestingCostTest, ScopesThatCatchAreLinearInTheirDepth) {
  const auto run = [](int depth) {
    auto main = [&]() -> Task<> { co_await NestShields(depth); };
    EXPECT_THAT(RunMocked(main), IsOk());
  };
  EXPECT_LT(Growth(run, 4000), kLinear);
}

// Each nursery has an error of its own, besides the group from below.
Task<absl::Status> NestErrors(int depth) {
  auto fail = []() -> Task<absl::Status> {
    co_await Shield(SleepFor(absl::Seconds(1)));
    co_return absl::InternalError("one of many");
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(fail);
    if (depth > 0) nursery.StartSoon(NestErrors, depth - 1);
    co_return;
  };
  co_return co_await WithNursery(body);
}

TEST(NestingCostTest, ErrorsAreLinearInTheirDepth) {
  const auto run = [](int depth) {
    auto main = [&]() -> Task<absl::Status> {
      co_return co_await NestErrors(depth);
    };
    const absl::Status status = RunMocked(main);
    EXPECT_EQ(Errors(status).size(), static_cast<size_t>(depth) + 1);
  };
  EXPECT_LT(Growth(run, 400), kLinear);
}

}  // namespace
}  // namespace creche
