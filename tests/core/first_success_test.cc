// SPDX-License-Identifier: Apache-2.0

#include "creche/core/first_success.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/error_group.h"
#include "creche/core/shield.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

Task<absl::StatusOr<int>> Gives(int value, absl::Duration after) {
  co_await SleepFor(after);
  co_return value;
}

Task<absl::StatusOr<int>> Fails(absl::StatusCode code, absl::Duration after) {
  co_await SleepFor(after);
  co_return absl::Status(code, "failed on purpose");
}

CRECHE_TEST(FirstSuccessTest, CancelsTheOthers) {
  const absl::Time start = Now();
  auto both = FirstSuccess(Gives(1, absl::Hours(1)), Gives(2, absl::Hours(2)));
  const absl::StatusOr<int> value = co_await std::move(both);
  EXPECT_EQ(value.value(), 1);
  EXPECT_EQ(Now() - start, absl::Hours(1));
}

CRECHE_TEST(FirstSuccessTest, AnErrorDoesNotCount) {
  auto both = FirstSuccess(Fails(absl::StatusCode::kNotFound, absl::Seconds(1)),
                           Gives(2, absl::Seconds(2)));
  const absl::StatusOr<int> value = co_await std::move(both);
  EXPECT_EQ(value.value(), 2);
}

CRECHE_TEST(FirstSuccessTest, GivesAllErrorsIfAllFail) {
  // In the order of the bodies, whichever was first.
  auto both = FirstSuccess(Fails(absl::StatusCode::kNotFound, absl::Seconds(2)),
                           Fails(absl::StatusCode::kAborted, absl::Seconds(1)));
  const absl::StatusOr<int> value = co_await std::move(both);
  const std::vector<absl::Status> errors = Errors(value.status());
  CO_ASSERT_EQ(errors.size(), 2U);
  EXPECT_THAT(errors[0], StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(errors[1], StatusIs(absl::StatusCode::kAborted));
}

CRECHE_TEST(FirstSuccessTest, TakesAStatusAndWhatCannotFail) {
  auto fail = []() -> Task<absl::Status> {
    co_return absl::AbortedError("failed on purpose");
  };
  auto succeed = []() -> Task<absl::Status> { co_return absl::OkStatus(); };
  CO_ASSERT_OK(co_await FirstSuccess(fail, succeed));
  EXPECT_THAT(co_await FirstSuccess(fail),
              StatusIs(absl::StatusCode::kAborted));
  auto give = []() -> Task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(3);
  };
  const absl::StatusOr<std::unique_ptr<int>> value =
      co_await FirstSuccess(give, give);
  EXPECT_EQ(**value, 3);
  CO_ASSERT_OK(co_await FirstSuccess(SleepFor(absl::Seconds(1)),
                                     SleepFor(absl::Seconds(2))));
}

CRECHE_TEST(FirstSuccessTest, TakesAnyNumberOfTasks) {
  std::vector<Task<absl::StatusOr<int>>> tasks;
  absl::StatusOr<int> value = co_await FirstSuccess(std::move(tasks));
  EXPECT_THAT(value.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  for (int i = 0; i < 100; ++i) {
    tasks.push_back(i == 63
                        ? Gives(i, absl::Hours(5))
                        : Fails(absl::StatusCode::kAborted, absl::Seconds(i)));
  }
  value = co_await FirstSuccess(std::move(tasks));
  EXPECT_EQ(value.value(), 63);
}

// The other one does not notice its cancellation, and has success, too.
CRECHE_TEST(FirstSuccessTest, ALaterSuccessDoesNotCount) {
  const absl::Time start = Now();
  auto both =
      FirstSuccess(Shield(Gives(2, absl::Hours(2))), Gives(1, absl::Hours(1)));
  const absl::StatusOr<int> value = co_await std::move(both);
  EXPECT_EQ(value.value(), 1);
  EXPECT_EQ(Now() - start, absl::Hours(2));
}

// One of the others is unwound, and it waits for the last one.
CRECHE_TEST(FirstSuccessTest, ACancellationAfterASuccessComesTooLate) {
  auto all = FirstSuccess(Shield(Gives(3, absl::Hours(3))),
                          Gives(2, absl::Hours(2)), Gives(1, absl::Hours(1)));
  const auto value = co_await MoveOnAfter(absl::Hours(2), std::move(all));
  CO_ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->value(), 1);
}

CRECHE_TEST(FirstSuccessTest, ASuccessThatIsThereIsGiven) {
  auto first = []() -> Task<absl::StatusOr<int>> { co_return 1; };
  auto second = []() -> Task<absl::StatusOr<int>> { co_return 2; };
  const absl::StatusOr<int> value = co_await FirstSuccess(first, second);
  EXPECT_THAT(value, IsOk());
}

CRECHE_TEST(FirstSuccessTest, ACancellationFromOutsideGoesOnOutwards) {
  auto both = FirstSuccess(Gives(1, absl::Hours(1)), Gives(2, absl::Hours(2)));
  const auto value = co_await MoveOnAfter(absl::Seconds(1), std::move(both));
  EXPECT_FALSE(value.has_value());
}

TEST(FirstSuccessTest, CanBeCancelledEverywhere) {
  CancelEverywhere([]() -> Task<absl::Status> {
    auto both =
        FirstSuccess(Fails(absl::StatusCode::kNotFound, absl::Seconds(1)),
                     Gives(2, absl::Seconds(2)), Gives(3, absl::Seconds(3)));
    co_return (co_await std::move(both)).status();
  });
}

#if defined(__cpp_exceptions)
CRECHE_TEST(FirstSuccessTest, AnExceptionIsNoErrorAmongOthers) {
  auto throws = []() -> Task<absl::StatusOr<int>> {
    co_await SleepFor(absl::Seconds(1));
    throw 5;
  };
  bool caught = false;
  try {
    auto both = FirstSuccess(throws, Gives(2, absl::Seconds(2)));
    const absl::StatusOr<int> value = co_await std::move(both);
    value.status().IgnoreError();
  } catch (const ExceptionGroup& group) {
    caught = true;
    EXPECT_EQ(group.exceptions().size(), 1U);
  }
  EXPECT_TRUE(caught);
}
#endif

}  // namespace
}  // namespace creche
