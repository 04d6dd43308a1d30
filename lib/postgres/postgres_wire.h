// SPDX-License-Identifier: Apache-2.0
//
// PostgresWire: a connection of libpq that is waited for as tasks wait.

#ifndef CRECHE_LIB_POSTGRES_POSTGRES_WIRE_H_
#define CRECHE_LIB_POSTGRES_POSTGRES_WIRE_H_

#include <postgresql/libpq-fe.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"

namespace creche::internal {

struct PostgresDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
  void operator()(char* memory) const { PQfreemem(memory); }
};
template <typename T>
using PostgresPtr = std::unique_ptr<T, PostgresDeleter>;

// Close() may come at any time, from another task: what waits here ends with
// the reason then, and whoever has waited for something else asks StillOpen().
class PostgresWire {
 public:
  // Requires: connected, and nonblocking.
  explicit PostgresWire(PostgresPtr<PGconn> connection);

  bool is_open() const { return connection_ != nullptr; }
  // Whether it is open, and libpq does not know it to be lost.
  bool is_connected() const;
  // OK, or what Close() was given.
  absl::Status StillOpen() const;
  void Close(absl::Status reason);

  // These require that it is open.
  PGconn* get() const { return connection_.get(); }
  // What a call gives when the connection is lost. `cause`: what the server has
  // said before.
  absl::Status LostError(const absl::Status& cause = absl::OkStatus()) const;
  // Takes what has come. A failure shows in is_connected(), and there may be
  // results before it.
  void ConsumeInput() { PQconsumeInput(connection_.get()); }

  // Until all that libpq has to send was sent. Takes input meanwhile, so that
  // two that only send cannot wait for each other.
  // Cancellation: safe.
  Task<absl::Status> Flush();
  // The next result of the answer; null at its end.
  // Cancellation: safe.
  Task<absl::StatusOr<PostgresPtr<PGresult>>> NextResult();

  // Data of a COPY ... FROM STDIN.
  // Cancellation: whether the data was sent is not known.
  Task<absl::Status> SendCopyData(const std::string& data);
  // `error`: null to end it well. To be flushed.
  absl::Status EndCopyIn(const char* error);
  // Data of a COPY ... TO STDOUT; nullopt at the end.
  // Cancellation: safe.
  Task<absl::StatusOr<std::optional<std::string>>> NextCopyData();

 private:
  Task<absl::Status> AwaitInput();
  Task<absl::Status> AwaitInputOrRoom();

  PostgresPtr<PGconn> connection_;  // Null: closed.
  absl::Status closed_because_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_POSTGRES_WIRE_H_
