// SPDX-License-Identifier: Apache-2.0
//
// Through pgbouncer, where a connection of a client has no server of its own: a
// cancel request must not hit what another client asks of the same server.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_fixture.h"
#include "tests/postgres/postgres_server.h"
#include "tests/support/random_cancellation.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

// In front of PostgresServer, in its directory. Two servers for all clients,
// each of whom has one for a transaction at a time.
class Pgbouncer {
 public:
  Pgbouncer() : directory_(PostgresServer::Get().directory()) {
    PostgresServer::Get().WriteFile(
        "bouncer.ini",
        absl::StrCat("[databases]\npostgres = host=", directory_,
                     " user=test\n[pgbouncer]\nlisten_port = 6432\n"
                     "listen_addr =\nunix_socket_dir = ",
                     directory_, "\npidfile = ", directory_,
                     "/bouncer.pid\nlogfile = ", directory_,
                     "/bouncer.log\nauth_type = any\n"
                     "pool_mode = transaction\ndefault_pool_size = 2\n"));
    // It goes into the background before it listens.
    is_running_ = PostgresServer::RunAsServer(absl::StrCat(
        "sh -c '/usr/sbin/pgbouncer -d ", directory_,
        "/bouncer.ini; for i in $(seq 100); do test -S ", directory_,
        "/.s.PGSQL.6432 && exit 0; sleep 0.1; done; exit 1'"));
  }
  Pgbouncer(const Pgbouncer&) = delete;
  Pgbouncer& operator=(const Pgbouncer&) = delete;
  ~Pgbouncer() {
    PostgresServer::RunAsServer(
        absl::StrCat("kill $(cat ", directory_, "/bouncer.pid)"));
  }

  bool is_running() const { return is_running_; }
  std::string conninfo() const {
    return absl::StrCat("host=", directory_,
                        " port=6432 user=test dbname=postgres");
  }

 private:
  const std::string directory_;
  bool is_running_ = false;
};

using PgbouncerTest = PostgresTest;

TEST_F(PgbouncerTest, ACancelledQueryEndsAndHitsNobodyElse) {
  const Pgbouncer bouncer;
  ASSERT_TRUE(bouncer.is_running()) << "no server: apt-get install pgbouncer";
  RandomCancellation trial;
  auto client = [&](unsigned number) -> Task<absl::Status> {
    PostgresConnection db =
        co_await Try(PostgresConnection::Connect(bouncer.conninfo()));
    // One only: pgbouncer does not cancel what still waits for a server.
    if (number == 0) {
      const auto slept = co_await MoveOnAfter(
          absl::Milliseconds(20), db.Execute("SELECT pg_sleep(60)"));
      EXPECT_FALSE(slept.has_value());
    }
    auto ask = [&](std::string question) -> Task<absl::StatusOr<std::string>> {
      co_return co_await Ask(db, absl::StrCat("SELECT '", question, "'"));
    };
    // An error would be another client's cancel request.
    auto asking = trial.AskMany(number, 200, ask);
    co_await Try(std::move(asking));
    EXPECT_TRUE(db.is_usable());
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    for (unsigned i = 0; i < 4; ++i) nursery.StartSoon(client, i);
    co_return;
  };
  RunChecked(
      [&]() -> Task<absl::Status> { co_return co_await WithNursery(body); });
  trial.ExpectBoth(4 * 200);
}

}  // namespace
}  // namespace creche
