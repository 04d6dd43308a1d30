// SPDX-License-Identifier: Apache-2.0
//
// What is proven of everything that can be awaited.

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

class AwaitablesTest : public ::testing::TestWithParam<Awaitable> {};

// The uses say what they expect.
TEST_P(AwaitablesTest, IsACheckpoint) {
  expects_checkpoints = true;
  for (const Use use : GetParam().uses()) {
    auto body = [&]() -> Task<> { EXPECT_THAT(co_await use(), IsOk()); };
    internal::RunTestBody(__FILE__, __LINE__, body);
  }
  expects_checkpoints = false;
}

TEST_P(AwaitablesTest, CanBeCancelledEverywhere) {
  if (GetParam().uses().empty()) GTEST_SKIP() << GetParam().at_once.reason();
  const auto check = [] {};
  CancelEverywhereOptions options;
  options.allow_no_points = true;  // Of one use; of all there are some.
  std::size_t points = 0;
  for (const Use use : GetParam().uses()) {
    points += CancelEverywhere(use, check, options);
  }
  EXPECT_GT(points, 0u);
}

TEST_P(AwaitablesTest, SurvivesTheKernel) {
  const auto check = [] {};
  FailEverywhereOptions options;
  options.allow_no_operations = true;  // Likewise.
  std::size_t operations = 0;
  for (const Use use : GetParam().uses()) {
    operations += FailEverywhere(use, check, options);
  }
  EXPECT_EQ(operations > 0, GetParam().kernel == Kernel::kUsed) << operations;
}

INSTANTIATE_TEST_SUITE_P(All, AwaitablesTest,
                         ::testing::ValuesIn(AllAwaitables()),
                         [](const ::testing::TestParamInfo<Awaitable>& info) {
                           return info.param.test_name();
                         });

}  // namespace
}  // namespace creche::awaitables
