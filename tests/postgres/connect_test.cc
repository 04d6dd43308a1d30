// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <fstream>
#include <string>
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
#include "creche/testing/tls/test_certificates.h"
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

// "verify-full" needs the name that was asked for, in spite of the address that
// libpq is given.
TEST_F(PostgresConnectTest, SpeaksTlsAndVerifies) {
  const TestCertificates certificates;
  const TestCertificates others;
  const TestCertificate good = certificates.Good("localhost");
  const auto server = PostgresServer::WithCertificate(good.chain, good.key);
  ASSERT_TRUE(server->is_running());
  const std::string trusted = ::testing::TempDir() + "/trusted.pem";
  const std::string wrong = ::testing::TempDir() + "/wrong.pem";
  std::ofstream(trusted) << certificates.trusted_pem();
  std::ofstream(wrong) << others.trusted_pem();
  const std::string conninfo = absl::StrCat(
      "host=localhost user=test dbname=postgres port=", server->port(),
      " sslrootcert=", trusted);
  auto main = [&]() -> Task<absl::Status> {
    for (const char* mode : {" sslmode=require", " sslmode=verify-full"}) {
      auto connecting = PostgresConnection::Connect(conninfo + mode);
      PostgresConnection db = co_await Try(std::move(connecting));
      const std::string is_safe = co_await Try(
          Ask(db, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
      EXPECT_EQ(is_safe, "t");
      const auto slept = co_await MoveOnAfter(
          absl::Milliseconds(50), db.Execute("SELECT pg_sleep(60)"));
      EXPECT_FALSE(slept.has_value());
      const std::string answer = co_await Try(Ask(db, "SELECT 7"));
      EXPECT_EQ(answer, "7");
    }
    const std::string mistrust =
        absl::StrCat(conninfo, " sslmode=verify-full sslrootcert=", wrong);
    auto refusing = PostgresConnection::Connect(mistrust);
    const auto none = co_await std::move(refusing);
    EXPECT_THAT(none.status(), StatusIs(StatusCode::kUnauthenticated));
    EXPECT_TRUE(absl::StrContains(none.status().message(), ": TLS: "))
        << none.status();
    // The certificate is for another name.
    auto other = PostgresConnection::Connect(
        absl::StrCat(conninfo, " sslmode=verify-full host=127.0.0.1"));
    const auto misnamed = co_await std::move(other);
    EXPECT_THAT(misnamed.status(), StatusIs(StatusCode::kUnauthenticated));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
