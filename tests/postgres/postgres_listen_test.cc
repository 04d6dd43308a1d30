// SPDX-License-Identifier: Apache-2.0
//
// What Listen() gives.

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using PostgresListenTest = PostgresTest;

TEST_F(PostgresListenTest, ListensWhileNobodyUsesIt) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    PostgresConnection other = co_await Try(Connect());
    auto receiver = co_await Try(db.Listen("Some \"news\""));
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        co_await WaitAllTasksBlocked();
        co_await Try(
            other.Execute("SELECT pg_notify('Some \"news\"', 'first')"));
        co_return absl::OkStatus();
      });
      const auto first = co_await receiver.Receive();
      EXPECT_EQ(first.value_or(PostgresNotification()).payload, "first");
      // And while somebody does.
      co_await Try(db.Execute("SELECT pg_notify('Some \"news\"', 'own')"));
      const auto own = co_await receiver.Receive();
      EXPECT_EQ(own.value_or(PostgresNotification()).payload, "own");
      co_return absl::OkStatus();
    };
    co_await Try(WithNursery(body));
    db.Close();
    const auto end = co_await receiver.Receive();
    EXPECT_FALSE(end.has_value());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresListenTest, AListenerLearnsThatTheConnectionIsLost) {
  auto main = []() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(Connect());
    PostgresConnection other = co_await Try(Connect());
    const std::string process =
        co_await Try(Ask(db, "SELECT pg_backend_pid()"));
    auto receiver = co_await Try(db.Listen("news"));
    co_await Try(
        Ask(other, absl::StrCat("SELECT pg_terminate_backend(", process, ")")));
    const auto end = co_await receiver.Receive();
    EXPECT_FALSE(end.has_value());
    EXPECT_FALSE(db.is_usable());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
