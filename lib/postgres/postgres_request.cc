// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/postgres_request.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/postgres/postgres_errors.h"

namespace creche::internal {
namespace {

// What the protocol has room for.
constexpr std::size_t kMaxParameters = 65535;

bool HasNul(absl::string_view text) {
  return text.find('\0') != absl::string_view::npos;
}

// Any other statement would have its effect before its answer says that there
// is no COPY.
bool IsCopy(absl::string_view sql) {
  return absl::StartsWithIgnoreCase(absl::StripLeadingAsciiWhitespace(sql),
                                    "COPY");
}

std::optional<std::string> ValueOf(const PGresult* result, int row,
                                   int column) {
  if (PQgetisnull(result, row, column) != 0) return std::nullopt;
  return std::string(
      PQgetvalue(result, row, column),
      static_cast<std::size_t>(PQgetlength(result, row, column)));
}

// libpq takes texts up to their first NUL, without a word about the rest.
absl::Status CheckRequest(const PostgresRequest& request) {
  if (request.parameters.size() > kMaxParameters) {
    return absl::InvalidArgumentError(
        absl::StrCat("PostgreSQL: ", request.parameters.size(),
                     " parameters; a statement has at most ", kMaxParameters));
  }
  if (HasNul(request.sql) || HasNul(request.name)) {
    return absl::InvalidArgumentError("PostgreSQL: a NUL in the statement");
  }
  for (std::size_t i = 0; i < request.parameters.size(); ++i) {
    if (HasNul(request.parameters[i].value_or(""))) {
      return absl::InvalidArgumentError(
          absl::StrCat("PostgreSQL: a NUL in parameter $", i + 1,
                       "; for bytea, write it in hexadecimal: \\x00"));
    }
  }
  if ((request.source || request.sink) && !IsCopy(request.sql)) {
    return absl::InvalidArgumentError(
        "PostgreSQL: CopyIn() and CopyOut() take a statement that begins with "
        "COPY; others are for Execute()");
  }
  return absl::OkStatus();
}

bool SendRequest(PGconn* connection, const PostgresRequest& request) {
  std::vector<const char*> values;
  values.reserve(request.parameters.size());
  for (const std::optional<std::string>& parameter : request.parameters) {
    values.push_back(parameter.has_value() ? parameter->c_str() : nullptr);
  }
  const int count = static_cast<int>(values.size());
  switch (request.kind) {
    case PostgresRequest::Kind::kQuery:
      return PQsendQueryParams(connection, request.sql.c_str(), count, nullptr,
                               values.data(), nullptr, nullptr, 0) == 1;
    case PostgresRequest::Kind::kPrepare:
      return PQsendPrepare(connection, request.name.c_str(),
                           request.sql.c_str(), 0, nullptr) == 1;
    case PostgresRequest::Kind::kPrepared:
      return PQsendQueryPrepared(connection, request.name.c_str(), count,
                                 values.data(), nullptr, nullptr, 0) == 1;
  }
  return false;
}

// One round trip: the server answers when it comes to the Sync at the end.
bool SendPipeline(PGconn* connection,
                  absl::Span<const PostgresRequest> requests) {
  if (PQenterPipelineMode(connection) == 0) return false;
  for (const PostgresRequest& request : requests) {
    if (!SendRequest(connection, request)) return false;
  }
  return PQpipelineSync(connection) == 1;
}

}  // namespace

absl::Status CheckRequests(absl::Span<const PostgresRequest> requests) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    absl::Status status = CheckRequest(requests[i]);
    if (requests.size() > 1 && status.ok() && IsCopy(requests[i].sql)) {
      status = absl::InvalidArgumentError(
          "PostgreSQL: COPY is for CopyIn() and CopyOut(), by itself");
    }
    if (!status.ok()) return AboutStatement(status, i, requests.size());
  }
  return absl::OkStatus();
}

absl::Status AboutStatement(const absl::Status& status, std::size_t i,
                            std::size_t count) {
  if (status.ok() || count == 1) return status;
  return Annotated(status, absl::StrCat("statement ", i + 1));
}

bool SendRequests(PGconn* connection,
                  absl::Span<const PostgresRequest> requests) {
  return requests.size() == 1 ? SendRequest(connection, requests[0])
                              : SendPipeline(connection, requests);
}

std::size_t AddTo(PostgresResult& answer, PGresult* part) {
  const int columns = PQnfields(part);
  if (answer.columns.empty()) {
    for (int column = 0; column < columns; ++column) {
      answer.columns.emplace_back(PQfname(part, column));
    }
  }
  std::size_t size = 0;
  for (int row = 0; row < PQntuples(part); ++row) {
    auto& values = answer.rows.emplace_back();
    values.reserve(static_cast<std::size_t>(columns));
    // NOLINTNEXTLINE(bugprone-sizeof-container): and what is in it below.
    size += sizeof(values) + values.capacity() * sizeof(values[0]);
    for (int column = 0; column < columns; ++column) {
      values.push_back(ValueOf(part, row, column));
      size += static_cast<std::size_t>(PQgetlength(part, row, column));
    }
  }
  // Empty for statements that do not count.
  const bool is_end = PQresultStatus(part) != PGRES_SINGLE_TUPLE;
  if (is_end && !absl::SimpleAtoi(PQcmdTuples(part), &answer.affected)) {
    answer.affected = 0;
  }
  return size;
}

}  // namespace creche::internal
