// SPDX-License-Identifier: Apache-2.0
//
// PostgresOptions: the limits of a PostgresConnection.
//
//   creche::PostgresOptions options;
//   options.set_max_result(size_t{1} << 20);
//   auto db = creche::PostgresConnection::Connect("host=db", options);

#ifndef CRECHE_POSTGRES_POSTGRES_OPTIONS_H_
#define CRECHE_POSTGRES_POSTGRES_OPTIONS_H_

#include <cstddef>

namespace creche {

// For PostgresConnection::Connect(). What a connection string can say is not
// here.
class PostgresOptions {
 public:
  PostgresOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // How much memory the rows of one call may take; 256 MiB by default. A row is
  // counted when it is complete, and PostgreSQL makes none of more than 1 GiB.
  // CopyOut() keeps no rows, and has no limit.
  PostgresOptions& set_max_result(std::size_t bytes) {
    max_result_ = bytes;
    return *this;
  }

  // What was set.
  std::size_t max_result() const { return max_result_; }

 private:
  std::size_t max_result_ = std::size_t{256} << 20;
};

}  // namespace creche

#endif  // CRECHE_POSTGRES_POSTGRES_OPTIONS_H_
