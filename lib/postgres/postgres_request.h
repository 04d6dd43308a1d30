// SPDX-License-Identifier: Apache-2.0
//
// PostgresRequest: what is asked of the server, once, and how an answer reads.

#ifndef CRECHE_LIB_POSTGRES_POSTGRES_REQUEST_H_
#define CRECHE_LIB_POSTGRES_POSTGRES_REQUEST_H_

#include <postgresql/libpq-fe.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/function.h"
#include "creche/postgres/postgres_connection.h"

namespace creche::internal {

struct PostgresRequest {
  enum class Kind { kQuery, kPrepare, kPrepared };

  Kind kind = Kind::kQuery;
  std::string name;  // Of the prepared statement.
  std::string sql;
  std::vector<std::optional<std::string>> parameters;
  // For COPY. Without the one that fits, COPY is refused.
  Function<absl::StatusOr<std::optional<std::string>>()> source;
  Function<absl::Status(absl::string_view)> sink;
};

// Errors: kInvalidArgument: what libpq or the protocol has no room for, a
//   source or a sink for a statement that is no COPY, or COPY in a pipeline.
absl::Status CheckRequests(absl::Span<const PostgresRequest> requests);

// `status`, of the request number i of so many, with that number.
absl::Status AboutStatement(const absl::Status& status, std::size_t i,
                            std::size_t count);

// Hands them to libpq, to be flushed: a single one by itself, others as a
// pipeline. False: the connection is lost.
bool SendRequests(PGconn* connection,
                  absl::Span<const PostgresRequest> requests);

// A part of an answer: some rows, or its end. Returns how much memory the rows
// take.
std::size_t AddTo(PostgresResult& answer, PGresult* part);

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_POSTGRES_REQUEST_H_
