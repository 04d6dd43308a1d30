// SPDX-License-Identifier: Apache-2.0
//
// PostgresTest: tests with a server of their own.

#ifndef CRECHE_TESTS_POSTGRES_POSTGRES_FIXTURE_H_
#define CRECHE_TESTS_POSTGRES_POSTGRES_FIXTURE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/postgres/postgres_connection.h"
#include "gtest/gtest.h"
#include "tests/postgres/postgres_server.h"

namespace creche {

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(PostgresServer::Get().is_running())
        << "no server: apt-get install postgresql-15";
  }
};

inline Task<absl::StatusOr<PostgresConnection>> Connect() {
  co_return co_await PostgresConnection::Connect(
      PostgresServer::Get().conninfo());
}

// The only value of the only row.
inline Task<absl::StatusOr<std::string>> Ask(PostgresConnection& db,
                                             std::string sql) {
  const PostgresResult result = co_await Try(db.Execute(std::move(sql)));
  if (result.rows.size() != 1 || result.rows[0].size() != 1) {
    co_return absl::InternalError("not one value");
  }
  co_return result.rows[0][0].value_or("NULL");
}

}  // namespace creche

#endif  // CRECHE_TESTS_POSTGRES_POSTGRES_FIXTURE_H_
