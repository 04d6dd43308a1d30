// SPDX-License-Identifier: Apache-2.0

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using absl::StatusCode;
using WithTransactionTest = PostgresTest;

TEST_F(WithTransactionTest, TransactionsCommitOrRollBack) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Execute("CREATE TEMP TABLE t (a int)"));
    auto good = [](PostgresConnection& in) -> Task<absl::StatusOr<int>> {
      co_await Try(in.Execute("INSERT INTO t VALUES (1)"));
      co_return 5;
    };
    auto committing = WithTransaction(db, good);
    const int value = co_await Try(std::move(committing));
    EXPECT_EQ(value, 5);
    auto bad = [&]() -> Task<absl::Status> {
      co_await Try(db.Execute("INSERT INTO t VALUES (2)"));
      co_return absl::DataLossError("mine");
    };
    auto failing = WithTransaction(db, bad);
    EXPECT_THAT(co_await std::move(failing), StatusIs(StatusCode::kDataLoss));
    auto careless = [&]() -> Task<absl::Status> {
      (co_await db.Execute("SELECT 1/0")).status().IgnoreError();
      co_return absl::OkStatus();
    };
    auto hiding = WithTransaction(db, careless);
    EXPECT_THAT(co_await std::move(hiding), StatusIs(StatusCode::kAborted));
    auto slow = [&]() -> Task<absl::Status> {
      co_await Try(db.Execute("INSERT INTO t VALUES (3)"));
      co_await SleepForever();
      co_return absl::OkStatus();
    };
    auto cancelled =
        MoveOnAfter(absl::Milliseconds(50), WithTransaction(db, slow));
    EXPECT_FALSE((co_await std::move(cancelled)).has_value());
    EXPECT_FALSE(db.in_transaction());
    const std::string rows =
        co_await Try(Ask(db, "SELECT string_agg(a::text, ',') FROM t"));
    EXPECT_EQ(rows, "1");
    auto nested = [&]() -> Task<absl::Status> {
      auto inner = WithTransaction(db, good);
      const auto refused = co_await std::move(inner);
      EXPECT_THAT(refused.status(), StatusIs(StatusCode::kFailedPrecondition));
      EXPECT_TRUE(db.in_transaction());
      co_return absl::OkStatus();
    };
    auto outer = WithTransaction(db, nested);
    EXPECT_THAT(co_await std::move(outer), IsOk());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
