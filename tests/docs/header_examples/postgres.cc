// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/postgres/ and docs/postgres.md, compiled.

#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/postgres/postgres_options.h"

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

// postgres_options.h

[[maybe_unused]] creche::Task<absl::Status> PostgresOptionsExample() {
  creche::PostgresOptions options;
  options.set_max_result(size_t{1} << 20);
  auto db = creche::PostgresConnection::Connect("host=db", options);
  co_return (co_await std::move(db)).status();
}

// docs/postgres.md

[[maybe_unused]] creche::Task<absl::Status> SeveralExample(
    creche::PostgresConnection& db) {
  std::vector<creche::PostgresStatement> statements;
  statements.emplace_back("INSERT INTO log VALUES (5)");
  statements.emplace_back("SELECT count(*) FROM log");
  auto executing = db.ExecuteAll(std::move(statements));
  const std::vector<creche::PostgresResult> results =
      co_await creche::Try(std::move(executing));
  std::cout << results[1].rows[0][0].value_or("NULL");
  co_return absl::OkStatus();
}

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
