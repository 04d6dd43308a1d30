// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/budgeted_checkpoint.h"

#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/expect_checkpoint.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

Task<> CompleteAtOnce(int& completed) {
  co_await BudgetedCheckpoint();
  ++completed;
}

CRECHE_TEST(BudgetedCheckpointTest, IsACheckpoint) {
  int completed = 0;
  co_await ExpectCheckpoint(CompleteAtOnce(completed));
  EXPECT_EQ(completed, 1);
}

CRECHE_TEST(BudgetedCheckpointTest, IsCancelledBeforeItHasDoneAnything) {
  int completed = 0;
  const bool has_ended =
      co_await MoveOnAfter(absl::ZeroDuration(), CompleteAtOnce(completed));
  EXPECT_FALSE(has_ended);
  EXPECT_EQ(completed, 0);
}

CRECHE_TEST(BudgetedCheckpointTest, LetsOthersRunEvery64Times) {
  int completed = 0;
  int completed_by_then = 0;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto look = [&]() -> Task<> {
      completed_by_then = completed;
      co_return;
    };
    nursery.StartSoon(look);
    while (completed < 1000) co_await CompleteAtOnce(completed);
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_GT(completed_by_then, 1) << "it need not let others run each time";
  // In the batch after its first turn, the body may come first once more.
  EXPECT_LE(completed_by_then, 2 * 64 + 1);
}

}  // namespace
}  // namespace creche::internal
