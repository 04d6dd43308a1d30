// SPDX-License-Identifier: Apache-2.0
//
// What CopyIn() and CopyOut() do.

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using absl::StatusCode;
using PostgresCopyTest = PostgresTest;

TEST_F(PostgresCopyTest, RefusesCopyAndGoesOn) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Execute("CREATE TEMP TABLE t (a int)"));
    const auto in = co_await db.Execute("COPY t FROM STDIN");
    EXPECT_THAT(in.status(), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_TRUE(absl::StrContains(in.status().message(), "CopyIn"));
    const auto out = co_await db.Execute(
        "COPY (SELECT generate_series(1, 1000000)) TO STDOUT");
    EXPECT_THAT(out.status(), StatusIs(StatusCode::kInvalidArgument));
    const std::string answer = co_await Try(Ask(db, "SELECT count(*) FROM t"));
    EXPECT_EQ(answer, "0");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresCopyTest, CopiesInAndOut) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Execute("CREATE TEMP TABLE t (a int)"));
    int next = 0;
    auto source = [&]() -> Task<absl::StatusOr<std::optional<std::string>>> {
      if (next == 10000) co_return std::optional<std::string>();
      co_return std::optional<std::string>(absl::StrCat(++next, "\n"));
    };
    auto copying = db.CopyIn("COPY t FROM STDIN", source);
    const PostgresResult in = co_await Try(std::move(copying));
    EXPECT_EQ(in.affected, 10000u);
    int rows = 0;
    auto sink = [&](absl::string_view) -> Task<absl::Status> {
      ++rows;
      co_return absl::OkStatus();
    };
    auto out = db.CopyOut("COPY t TO STDOUT", sink);
    co_await Try(std::move(out));
    EXPECT_EQ(rows, 10000);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresCopyTest, ACopyWhoseSourceFailsHasNoEffect) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Execute("CREATE TEMP TABLE t (a int)"));
    int next = 0;
    auto source = [&]() -> Task<absl::StatusOr<std::optional<std::string>>> {
      if (next == 10) co_return absl::DataLossError("mine");
      co_return std::optional<std::string>(absl::StrCat(++next, "\n"));
    };
    auto copying = db.CopyIn("COPY t FROM STDIN", source);
    const auto in = co_await std::move(copying);
    EXPECT_THAT(in.status(), StatusIs(StatusCode::kDataLoss));
    const std::string answer = co_await Try(Ask(db, "SELECT count(*) FROM t"));
    EXPECT_EQ(answer, "0");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// Else the statement would have had its effect before its answer says that it
// was no COPY.
TEST_F(PostgresCopyTest, IsForCopyOnly) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Execute("CREATE TEMP TABLE t (a int)"));
    auto source = []() -> Task<absl::StatusOr<std::optional<std::string>>> {
      co_return std::optional<std::string>();
    };
    auto inserting = db.CopyIn("INSERT INTO t VALUES (1)", source);
    const auto in = co_await std::move(inserting);
    EXPECT_THAT(in.status(), StatusIs(StatusCode::kInvalidArgument));
    auto sink = [](absl::string_view) -> Task<absl::Status> {
      co_return absl::OkStatus();
    };
    auto deleting = db.CopyOut("INSERT INTO t VALUES (2)", sink);
    const auto out = co_await std::move(deleting);
    EXPECT_THAT(out.status(), StatusIs(StatusCode::kInvalidArgument));
    auto wrong_way = db.CopyOut(" copy t FROM STDIN", sink);
    const auto wrong = co_await std::move(wrong_way);
    EXPECT_THAT(wrong.status(), StatusIs(StatusCode::kInvalidArgument));
    const std::string answer = co_await Try(Ask(db, "SELECT count(*) FROM t"));
    EXPECT_EQ(answer, "0");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
