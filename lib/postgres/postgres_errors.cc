// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/postgres_errors.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "creche/core/errors.h"
#include "creche/postgres/postgres_connection.h"

namespace creche {
namespace internal {
namespace {

constexpr absl::string_view kPrefix = "PostgreSQL: ";
constexpr absl::string_view kSqlStateUrl = "type.creche/sql_state";
constexpr size_t kSqlStateSize = 5;

struct CodeOfState {
  absl::string_view prefix;
  absl::StatusCode code;
};

// The first that fits. (PostgreSQL's manual, appendix A.) A query that somebody
// else has cancelled is kAborted: kCancelled would pass for a cancellation of
// this task.
constexpr CodeOfState kCodes[] = {
    {"08", absl::StatusCode::kUnavailable},
    {"0A", absl::StatusCode::kUnimplemented},
    {"22", absl::StatusCode::kInvalidArgument},
    {"23505", absl::StatusCode::kAlreadyExists},
    {"23", absl::StatusCode::kFailedPrecondition},
    {"25", absl::StatusCode::kFailedPrecondition},
    {"28", absl::StatusCode::kUnauthenticated},
    {"3D", absl::StatusCode::kNotFound},
    {"40", absl::StatusCode::kAborted},
    {"42501", absl::StatusCode::kPermissionDenied},
    {"42P01", absl::StatusCode::kNotFound},
    {"42P04", absl::StatusCode::kAlreadyExists},
    {"42P07", absl::StatusCode::kAlreadyExists},
    {"42", absl::StatusCode::kInvalidArgument},
    {"53", absl::StatusCode::kResourceExhausted},
    {"54", absl::StatusCode::kResourceExhausted},
    {"55", absl::StatusCode::kFailedPrecondition},
    {"57014", absl::StatusCode::kAborted},
    {"57", absl::StatusCode::kUnavailable},
};

absl::StatusCode CodeOf(absl::string_view sql_state) {
  for (const CodeOfState& entry : kCodes) {
    if (absl::StartsWith(sql_state, entry.prefix)) return entry.code;
  }
  return absl::StatusCode::kUnknown;
}

std::string ServerOf(const PGconn* connection) {
  return absl::StrCat(PQhost(connection), ":", PQport(connection));
}

// libpq ends its messages with a newline.
absl::string_view MessageOf(const PGconn* connection) {
  return absl::StripTrailingAsciiWhitespace(PQerrorMessage(connection));
}

absl::string_view ReasonOf(const absl::Status& status) {
  absl::string_view reason = status.message();
  absl::ConsumePrefix(&reason, kPrefix);
  return reason;
}

const char* NameOf(ConnStatusType phase) {
  switch (phase) {
    case CONNECTION_SSL_STARTUP:
      return "TLS";
    case CONNECTION_MADE:
    case CONNECTION_AWAITING_RESPONSE:
      return "authentication";
    case CONNECTION_AUTH_OK:
    case CONNECTION_SETENV:
      return "start of the session";
    default:
      return "connection";
  }
}

bool IsSqlState(absl::string_view text) {
  return text.size() == kSqlStateSize &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(c) || absl::ascii_isupper(c);
         });
}

// The SQLSTATE of "...:  28P01: text", of which this leaves "text". Empty if
// the line has none.
std::string TakeSqlState(std::string& line) {
  const size_t colon = line.find(":  ");
  if (colon == std::string::npos) return "";
  std::string state = line.substr(colon + 3, kSqlStateSize);
  if (!IsSqlState(state) ||
      line.compare(colon + 3 + kSqlStateSize, 2, ": ") != 0) {
    return "";
  }
  line.erase(0, colon + 3 + kSqlStateSize + 2);
  return state;
}

}  // namespace

absl::Status ServerError(absl::string_view sql_state, absl::string_view text) {
  absl::Status status(CodeOf(sql_state),
                      absl::StrCat(kPrefix, text, " (", sql_state, ")"));
  status.SetPayload(kSqlStateUrl, absl::Cord(sql_state));
  return status;
}

absl::Status ErrorOfResult(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || text == nullptr) {
    return absl::UnavailableError(absl::StrCat(
        kPrefix,
        absl::StripTrailingAsciiWhitespace(PQresultErrorMessage(result))));
  }
  const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
  if (detail == nullptr) return ServerError(state, text);
  return ServerError(state, absl::StrCat(text, ": ", detail));
}

absl::Status LostConnectionError(const PGconn* connection,
                                 absl::string_view phase,
                                 const absl::Status& cause) {
  const absl::string_view reason =
      cause.ok() ? MessageOf(connection) : ReasonOf(cause);
  absl::Status status = BrokenResourceError(
      absl::StrCat(kPrefix, ServerOf(connection), ": ", phase,
                   ": the connection is lost: ", reason));
  if (const auto state = SqlState(cause)) {
    status.SetPayload(kSqlStateUrl, absl::Cord(*state));
  }
  return status;
}

absl::Status ProtocolError(const PGconn* connection, absl::string_view phase,
                           const absl::Status& cause) {
  return absl::UnavailableError(absl::StrCat(
      kPrefix, ServerOf(connection), ": ", phase, ": ", ReasonOf(cause)));
}

absl::Status ConnectError(const PGconn* connection, ConnStatusType phase) {
  std::string state;
  std::vector<std::string> kept;
  const std::vector<std::string> lines =
      absl::StrSplit(MessageOf(connection), '\n');
  for (std::string line : lines) {
    if (absl::StartsWith(line, "LOCATION:")) continue;
    std::string found = TakeSqlState(line);
    if (!found.empty()) state = std::move(found);
    kept.push_back(std::move(line));
  }
  const std::string text =
      absl::StrCat("connect to ", ServerOf(connection), ": ", NameOf(phase),
                   ": ", absl::StrJoin(kept, "; "));
  if (!state.empty()) return ServerError(state, text);
  if (phase == CONNECTION_NEEDED) {
    return absl::InvalidArgumentError(absl::StrCat(
        kPrefix, "the connection string: ", absl::StrJoin(kept, "; ")));
  }
  const bool is_refused = PQconnectionNeedsPassword(connection) != 0 ||
                          phase == CONNECTION_SSL_STARTUP;
  return absl::Status(is_refused ? absl::StatusCode::kUnauthenticated
                                 : absl::StatusCode::kUnavailable,
                      absl::StrCat(kPrefix, text));
}

absl::Status Annotated(const absl::Status& status, absl::string_view what) {
  absl::Status annotated(status.code(),
                         absl::StrCat(what, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    annotated.SetPayload(type, payload);
  });
  return annotated;
}

}  // namespace internal

std::optional<std::string> SqlState(const absl::Status& status) {
  const auto state = status.GetPayload(internal::kSqlStateUrl);
  if (!state.has_value()) return std::nullopt;
  return std::string(*state);
}

}  // namespace creche
