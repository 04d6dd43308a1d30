// SPDX-License-Identifier: Apache-2.0
//
// From libpq's errors to a Status.

#ifndef CRECHE_LIB_POSTGRES_POSTGRES_ERRORS_H_
#define CRECHE_LIB_POSTGRES_POSTGRES_ERRORS_H_

#include <postgresql/libpq-fe.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// An error of the server's: `sql_state` chooses the code.
absl::Status ServerError(absl::string_view sql_state, absl::string_view text);

// What a result with PGRES_FATAL_ERROR says. Without an SqlState(), it is
// libpq's own word: the server does not keep to the protocol, or has left.
absl::Status ErrorOfResult(const PGresult* result);

// `connection` is lost, in this phase. `cause`: what was said before, or OK.
absl::Status LostConnectionError(const PGconn* connection,
                                 absl::string_view phase,
                                 const absl::Status& cause);

// `cause` is libpq's own word: what the server sends is not the protocol.
absl::Status ProtocolError(const PGconn* connection, absl::string_view phase,
                           const absl::Status& cause);

// Connecting has failed in this phase; CONNECTION_NEEDED: before it tried any
// server. Requires: PQERRORS_VERBOSE.
absl::Status ConnectError(const PGconn* connection, ConnStatusType phase);

// The Status of the same code and payloads, for `what`.
absl::Status Annotated(const absl::Status& status, absl::string_view what);

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_POSTGRES_ERRORS_H_
