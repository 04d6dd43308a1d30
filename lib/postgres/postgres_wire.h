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
  // The same if what the server sends is not the protocol.
  absl::Status ProtocolError(const absl::Status& cause) const;
  // Takes what has come. A failure shows in is_connected(), and there may be
  // results before it.
  void ConsumeInput() { PQconsumeInput(connection_.get()); }

  // What is done now, for the messages of errors.
  void set_phase(const char* phase) { phase_ = phase; }

  // Until all that libpq has to send was sent. Takes input meanwhile, so that
  // two that only send cannot wait for each other.
  // Cancellation: safe.
  Task<absl::Status> Flush();
  // Whether the next result of the answer is there. (What libpq gives when the
  // connection is lost is the reason.)
  bool has_result() const {
    return PQisBusy(connection_.get()) == 0 || !is_connected();
  }
  // Until it is. Sends meanwhile what there is to send: the answer may begin
  // before the question has ended.
  // Cancellation: safe.
  Task<absl::Status> AwaitResult();
  // Requires: has_result(). Null at the end of the answer.
  PostgresPtr<PGresult> TakeResult() {
    return PostgresPtr<PGresult>(PQgetResult(connection_.get()));
  }

  // Whether there is a pipeline of which the end has not come.
  bool is_pipeline() const {
    return PQpipelineStatus(connection_.get()) != PQ_PIPELINE_OFF;
  }
  // Takes the end of a pipeline.
  // Cancellation: safe.
  Task<absl::Status> EndPipeline();
  // Requires: the end was taken.
  absl::Status LeavePipeline();

  // Data of a COPY ... FROM STDIN.
  // Cancellation: whether the data was sent is not known.
  Task<absl::Status> SendCopyData(const std::string& data);
  // `error`: null to end it well. To be flushed.
  absl::Status EndCopyIn(const char* error);
  // Data of a COPY ... TO STDOUT; nullopt at the end.
  // Cancellation: safe.
  Task<absl::StatusOr<std::optional<std::string>>> NextCopyData();

 private:
  Task<absl::Status> AwaitInputOrRoom();

  PostgresPtr<PGconn> connection_;  // Null: closed.
  const char* phase_ = "idle";
  absl::Status closed_because_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_POSTGRES_WIRE_H_
