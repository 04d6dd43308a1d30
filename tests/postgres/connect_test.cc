// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/tcp_listener.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/postgres/postgres_server.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using absl::StatusCode;
using PostgresConnectTest = PostgresTest;

TEST_F(PostgresConnectTest, SaysWhatIsWrongWithTheString) {
  auto main = []() -> Task<> {
    for (const char* conninfo :
         {"host", "nonsense=1", "host=127.0.0.1 sslmode=nonsense",
          "host=a,b port=1,2,3", "host=127.0.0.1 port=none"}) {
      const auto none = co_await PostgresConnection::Connect(conninfo);
      EXPECT_THAT(none.status(), StatusIs(StatusCode::kInvalidArgument))
          << conninfo;
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectTest, NamesTheServerThatDoesNotAnswer) {
  auto main = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    const std::uint16_t port = listener.port();
    listener.Close();
    auto connecting = PostgresConnection::Connect(
        absl::StrCat("host=localhost port=", port, " user=test"));
    const auto none = co_await std::move(connecting);
    EXPECT_THAT(none.status(), StatusIs(StatusCode::kUnavailable));
    EXPECT_TRUE(absl::StrContains(none.status().message(),
                                  absl::StrCat("localhost:", port)))
        << none.status();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(PostgresConnectTest, AMissingDatabaseIsNotFound) {
  auto main = []() -> Task<> {
    auto connecting = PostgresConnection::Connect(
        absl::StrCat(PostgresServer::Get().conninfo(), " dbname=none"));
    const auto none = co_await std::move(connecting);
    EXPECT_THAT(none.status(), StatusIs(StatusCode::kNotFound));
    EXPECT_EQ(SqlState(none.status()), "3D000");
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// It accepts, and says nothing.
TEST_F(PostgresConnectTest, AServerThatStallsIsGivenUp) {
  const std::size_t files = OpenFiles();
  auto main = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    auto connecting =
        MoveOnAfter(absl::Milliseconds(50),
                    PostgresConnection::Connect(absl::StrCat(
                        "host=127.0.0.1 user=test port=", listener.port())));
    const auto none = co_await std::move(connecting);
    EXPECT_FALSE(none.has_value());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

}  // namespace
}  // namespace creche
