// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/postgres/ and docs/postgres.md, compiled.

#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/postgres/postgres_connection.h"

namespace {

// postgres_connection.h

[[maybe_unused]] creche::Task<absl::Status> PostgresConnectionExample() {
  creche::PostgresConnection db = co_await creche::Try(
      creche::PostgresConnection::Connect("host=db dbname=shop"));
  // Named first: g++ 12 compiles no braced list inside co_await.
  std::vector<std::optional<std::string>> id = {"42"};
  creche::PostgresResult result = co_await creche::Try(
      db.Execute("SELECT name FROM customer WHERE id = $1", id));
  for (const auto& row : result.rows) std::cout << row[0].value_or("NULL");
  co_return absl::OkStatus();
}

// docs/postgres.md

[[maybe_unused]] creche::Task<absl::Status> TransactionExample(
    creche::PostgresConnection& db) {
  auto transfer = [&]() -> creche::Task<absl::Status> {
    co_await creche::Try(db.Execute("UPDATE account SET sum = sum - 5"));
    co_await creche::Try(db.Execute("INSERT INTO log VALUES (5)"));
    co_return absl::OkStatus();
  };
  co_return co_await creche::FailAfter(absl::Seconds(2),
                                       creche::WithTransaction(db, transfer));
}

}  // namespace
