// SPDX-License-Identifier: Apache-2.0

#include "creche/postgres/postgres_connection.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/pool.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using absl::StatusCode;
using PostgresConnectionTest = PostgresTest;

TEST_F(PostgresConnectionTest, GivesColumnsRowsAndNull) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    std::vector<std::optional<std::string>> parameters;
    parameters.push_back("x'; --");
    parameters.push_back(std::nullopt);
    const PostgresResult result = co_await Try(
        db.Execute("SELECT $1::text AS a, $2::text AS b", parameters));
    EXPECT_EQ(result.columns, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(result.rows.size(), 1u);
    EXPECT_EQ(result.rows.at(0).at(0), "x'; --");
    EXPECT_EQ(result.rows.at(0).at(1), std::nullopt);
    EXPECT_EQ(result.affected, 1u);
    EXPECT_TRUE(db.is_usable());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, CarriesMuchBothWays) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    const std::string much(5'000'000, 'x');
    std::vector<std::optional<std::string>> parameters;
    parameters.push_back(much);
    const PostgresResult result =
        co_await Try(db.Execute("SELECT $1::text", parameters));
    EXPECT_TRUE(result.rows.at(0).at(0) == much);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, AnErrorHasItsSqlStateAndLeavesItUsable) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    const auto divided = co_await db.Execute("SELECT 1/0");
    EXPECT_EQ(SqlState(divided.status()), "22012");
    const auto wrong = co_await db.Execute("SELEC 1");
    EXPECT_THAT(wrong.status(), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_EQ(SqlState(wrong.status()), "42601");
    const auto two = co_await db.Execute("SELECT 1; SELECT 2");
    EXPECT_EQ(SqlState(two.status()), "42601");
    EXPECT_EQ(SqlState(absl::UnknownError("mine")), std::nullopt);
    const std::string answer = co_await Try(Ask(db, "SELECT 7"));
    EXPECT_EQ(answer, "7");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, RefusesWhatLibpqWouldCut) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    const auto sql = co_await db.Execute(std::string("SELECT 1\0 + 1", 13));
    EXPECT_THAT(sql.status(), StatusIs(StatusCode::kInvalidArgument));
    std::vector<std::optional<std::string>> parameters;
    parameters.push_back(std::string("a\0b", 3));
    const auto value = co_await db.Execute("SELECT $1::text", parameters);
    EXPECT_THAT(value.status(), StatusIs(StatusCode::kInvalidArgument));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, ExecutesWhatWasPrepared) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Prepare("twice", "SELECT 2 * $1::int"));
    std::vector<std::optional<std::string>> parameters;
    parameters.push_back("21");
    const PostgresResult result =
        co_await Try(db.ExecutePrepared("twice", parameters));
    EXPECT_EQ(result.rows.at(0).at(0), "42");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, SendsSeveralStatementsTogether) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    std::vector<PostgresStatement> statements;
    statements.emplace_back("CREATE TEMP TABLE t (a int)");
    std::vector<std::optional<std::string>> parameters;
    parameters.push_back("5");
    statements.emplace_back("INSERT INTO t VALUES ($1), (6)", parameters);
    statements.emplace_back("SELECT a FROM t ORDER BY a");
    auto executing = db.ExecuteAll(statements);
    const auto results = co_await Try(std::move(executing));
    EXPECT_EQ(results.size(), 3u);
    EXPECT_EQ(results.at(1).affected, 2u);
    EXPECT_EQ(results.at(2).columns, std::vector<std::string>{"a"});
    EXPECT_EQ(results.at(2).rows.size(), 2u);
    EXPECT_EQ(results.at(2).rows.at(1).at(0), "6");
    std::vector<PostgresStatement> none;
    auto idle = db.ExecuteAll(none);
    EXPECT_TRUE((co_await Try(std::move(idle))).empty());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, OfSeveralStatementsAllOrNoneHaveAnEffect) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    co_await Try(db.Execute("CREATE TEMP TABLE t (a int)"));
    std::vector<PostgresStatement> statements;
    statements.emplace_back("INSERT INTO t VALUES (1)");
    statements.emplace_back("SELECT 1/0");
    statements.emplace_back("INSERT INTO t VALUES (2)");
    auto executing = db.ExecuteAll(statements);
    const auto failed = co_await std::move(executing);
    EXPECT_EQ(SqlState(failed.status()), "22012");
    EXPECT_TRUE(absl::StrContains(failed.status().message(), "statement 2"))
        << failed.status();
    const std::string rows = co_await Try(Ask(db, "SELECT count(*) FROM t"));
    EXPECT_EQ(rows, "0");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// COPY has no place in a pipeline: what looks like it is refused, and what does
// not, costs the connection.
TEST_F(PostgresConnectionTest, SeveralStatementsWithACopyAreRefused) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    std::vector<PostgresStatement> statements;
    statements.emplace_back("SELECT 1");
    statements.emplace_back("COPY (SELECT 1) TO STDOUT");
    auto executing = db.ExecuteAll(statements);
    const auto refused = co_await std::move(executing);
    EXPECT_THAT(refused.status(), StatusIs(StatusCode::kInvalidArgument));
    const std::string answer = co_await Try(Ask(db, "SELECT 7"));
    EXPECT_EQ(answer, "7");
    statements[1].sql.insert(0, "/* hidden */ ");
    auto hiding = db.ExecuteAll(statements);
    const auto hidden = co_await std::move(hiding);
    EXPECT_FALSE(hidden.ok());
    EXPECT_FALSE(db.is_usable());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, RowsHaveALimit) {
  auto main = []() -> Task<absl::Status> {
    PostgresOptions options;
    options.set_max_result(100000);
    auto connecting =
        PostgresConnection::Connect(PostgresServer::Get().conninfo(), options);
    PostgresConnection db = co_await Try(std::move(connecting));
    for (const char* sql :
         {"SELECT generate_series(1, 1000000000)", "SELECT repeat('x', 100001)",
          "SELECT NULL FROM (SELECT generate_series(1, 1000000000)) AS many"}) {
      const auto large = co_await db.Execute(sql);
      EXPECT_THAT(large.status(), StatusIs(StatusCode::kResourceExhausted));
      EXPECT_TRUE(db.is_usable());
    }
    const std::string answer = co_await Try(Ask(db, "SELECT repeat('x', 9)"));
    EXPECT_EQ(answer, "xxxxxxxxx");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, ACancelledQueryEndsOnTheServerToo) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    PostgresConnection other = co_await Try(Connect());
    const absl::Time start = absl::Now();
    const auto slept = co_await MoveOnAfter(absl::Milliseconds(50),
                                            db.Execute("SELECT pg_sleep(60)"));
    EXPECT_FALSE(slept.has_value());
    EXPECT_LT(absl::Now() - start, absl::Seconds(10));
    EXPECT_TRUE(db.is_usable());
    const std::string running = co_await Try(
        Ask(other,
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
            "AND query LIKE 'SELECT pg_sleep%'"));
    EXPECT_EQ(running, "0");
    const std::string answer = co_await Try(Ask(db, "SELECT 'mine'"));
    EXPECT_EQ(answer, "mine");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, IsForOneTaskAtATime) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        const std::string first =
            co_await Try(Ask(db, "SELECT 'first' FROM pg_sleep(0.2)"));
        EXPECT_EQ(first, "first");
        co_return absl::OkStatus();
      });
      co_await WaitAllTasksBlocked();
      const auto second = co_await db.Execute("SELECT 2");
      EXPECT_TRUE(IsBusyResource(second.status())) << second.status();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, CloseEndsWhatIsUnderWay) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        const auto first = co_await db.Execute("SELECT pg_sleep(60)");
        EXPECT_TRUE(IsClosedResource(first.status())) << first.status();
        co_return absl::OkStatus();
      });
      co_await WaitAllTasksBlocked();
      db.Close();
      EXPECT_FALSE(db.is_usable());
      const auto second = co_await db.Execute("SELECT 2");
      EXPECT_TRUE(IsClosedResource(second.status())) << second.status();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, ALostConnectionIsBroken) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    const auto lost =
        co_await db.Execute("SELECT pg_terminate_backend(pg_backend_pid())");
    EXPECT_TRUE(IsBrokenResource(lost.status())) << lost.status();
    EXPECT_EQ(SqlState(lost.status()), "57P01");
    EXPECT_FALSE(db.is_usable());
    const auto later = co_await db.Execute("SELECT 1");
    EXPECT_TRUE(IsBrokenResource(later.status())) << later.status();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectionTest, APoolLendsNoneThatIsLost) {
  auto main = []() -> Task<absl::Status> {
    Pool<PostgresConnection> pool(Connect, PoolOptions().set_max_size(1));
    PostgresConnection other = co_await Try(Connect());
    std::string first;
    {
      auto lease = co_await Try(pool.Borrow());
      first = co_await Try(Ask(*lease, "SELECT pg_backend_pid()"));
      lease.Return();
    }
    EXPECT_EQ(pool.idle(), 1u);
    co_await Try(Ask(
        other, absl::StrCat("SELECT pg_terminate_backend(", first, ", 5000)")));
    auto lease = co_await Try(pool.Borrow());
    const std::string second =
        co_await Try(Ask(*lease, "SELECT pg_backend_pid()"));
    EXPECT_NE(first, second);
    lease->Close();
    lease.Return();
    EXPECT_EQ(pool.idle(), 0u);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
