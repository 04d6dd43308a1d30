// SPDX-License-Identifier: Apache-2.0
//
// Calls that are cancelled: at each point, at random moments; and the kernel's
// failures at each point. Whatever happens, the next query gets its own answer.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/cleanup.h"
#include "creche/core/function.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/support/random_cancellation.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using PostgresCancelTest = PostgresTest;
using Use = Function<absl::Status(PostgresConnection&)>;

// Two statements, of which the second gives the answer.
Task<absl::StatusOr<std::string>> AskInPipeline(PostgresConnection& db,
                                                std::string question) {
  std::vector<PostgresStatement> statements;
  statements.emplace_back("SELECT 'not ' || $1::text",
                          std::vector<std::optional<std::string>>{question});
  statements.emplace_back(absl::StrCat("SELECT '", question, "'"));
  auto asking = db.ExecuteAll(std::move(statements));
  const std::vector<PostgresResult> results = co_await Try(std::move(asking));
  EXPECT_EQ(results.size(), 2u);
  EXPECT_EQ(results.at(0).rows.at(0).at(0), "not " + question);
  co_return results.at(1).rows.at(0).at(0).value_or("NULL");
}

// What every call promises of the connection that it leaves, however it ended.
Task<absl::Status> CheckInStep(PostgresConnection& db) {
  if (!db.is_usable()) co_return absl::OkStatus();
  EXPECT_FALSE(db.in_transaction());
  const absl::StatusOr<std::string> mine = co_await Ask(db, "SELECT 'mine'");
  // Where the kernel fails, this fails, too.
  if (mine.ok()) {
    EXPECT_EQ(*mine, "mine");
  }
  co_return absl::OkStatus();
}

// Sweeps over: a connection of its own, what `use` does with it, and the check.
void Sweep(Use use) {
  auto session = [&]() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    auto work = [&]() -> Task<absl::Status> { co_return co_await use(db); };
    auto check = [&]() -> Task<absl::Status> {
      co_return co_await CheckInStep(db);
    };
    co_return co_await WithCleanup(work, check);
  };
  // libpq keeps what it opens first.
  RunChecked(session);
  CancelEverywhere(session);
  FailEverywhere(session);
}

// Several in one session: most of what a sweep costs is to connect.
TEST_F(PostgresCancelTest, Queries) {
  Sweep([](PostgresConnection& db) -> Task<absl::Status> {
    co_await Try(db.Prepare("twice", "SELECT 2 * $1::int"));
    std::vector<std::optional<std::string>> parameters;
    parameters.push_back("21");
    const PostgresResult result =
        co_await Try(db.ExecutePrepared("twice", parameters));
    EXPECT_EQ(result.rows.at(0).at(0), "42");
    const std::string both = co_await Try(AskInPipeline(db, "both"));
    EXPECT_EQ(both, "both");
    co_return absl::OkStatus();
  });
}

TEST_F(PostgresCancelTest, CopiesAndNotifications) {
  Sweep([](PostgresConnection& db) -> Task<absl::Status> {
    co_await Try(db.Execute("CREATE TEMP TABLE copied (a int)"));
    int next = 0;
    auto source = [&]() -> Task<absl::StatusOr<std::optional<std::string>>> {
      if (next == 2) co_return std::optional<std::string>();
      co_return std::optional<std::string>(absl::StrCat(++next, "\n"));
    };
    auto copying_in = db.CopyIn("COPY copied FROM STDIN", source);
    const PostgresResult in = co_await Try(std::move(copying_in));
    EXPECT_EQ(in.affected, 2u);
    int rows = 0;
    auto sink = [&](absl::string_view) -> Task<absl::Status> {
      ++rows;
      co_return absl::OkStatus();
    };
    auto copying_out = db.CopyOut("COPY copied TO STDOUT", sink);
    co_await Try(std::move(copying_out));
    EXPECT_EQ(rows, 2);

    auto receiver = co_await Try(db.Listen("sweep"));
    co_await Try(db.Execute("NOTIFY sweep, 'news'"));
    const auto news = co_await receiver.Receive();
    EXPECT_EQ(news.value_or(PostgresNotification()).payload, "news");
    co_return absl::OkStatus();
  });
}

// Both rows, or none: whatever happened, and whenever.
TEST_F(PostgresCancelTest, Transaction) {
  auto count = [](bool create) -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    if (create) co_await Try(db.Execute("CREATE TABLE pair (a int)"));
    const std::string odd =
        co_await Try(Ask(db, "SELECT count(*) % 2 FROM pair"));
    EXPECT_EQ(odd, "0");
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await count(/*create=*/true);
  });
  Sweep([](PostgresConnection& db) -> Task<absl::Status> {
    const std::string odd =
        co_await Try(Ask(db, "SELECT count(*) % 2 FROM pair"));
    EXPECT_EQ(odd, "0");
    auto insert = [&]() -> Task<absl::Status> {
      co_await Try(db.Execute("INSERT INTO pair VALUES (1)"));
      co_await Try(db.Execute("INSERT INTO pair VALUES (2)"));
      co_return absl::OkStatus();
    };
    co_return co_await WithTransaction(db, insert);
  });
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await count(/*create=*/false);
  });
}

// Each other question is a pipeline. Some deadlines expire while the query is
// under way, which costs a connection for the cancel request.
TEST_F(PostgresCancelTest, ThousandsUnderRandomDeadlines) {
  constexpr unsigned kConnections = 4;
  constexpr int kQueries = 1000;
  RandomCancellation trial;
  auto client = [&](unsigned number) -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    int asked = 0;
    auto ask = [&](std::string question) -> Task<absl::StatusOr<std::string>> {
      auto asking = ++asked % 2 == 0
                        ? AskInPipeline(db, question)
                        : Ask(db, absl::StrCat("SELECT '", question, "'"));
      co_return co_await std::move(asking);
    };
    auto asking = trial.AskMany(number, kQueries, ask);
    co_await Try(std::move(asking));
    // It has been the same connection all the time.
    EXPECT_TRUE(db.is_usable());
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    for (unsigned i = 0; i < kConnections; ++i) nursery.StartSoon(client, i);
    co_return absl::OkStatus();
  };
  RunChecked(
      [&]() -> Task<absl::Status> { co_return co_await WithNursery(body); });
  trial.ExpectBoth(kConnections * kQueries);
}

}  // namespace
}  // namespace creche
