// SPDX-License-Identifier: Apache-2.0
//
// PostgresSession: requests and their answers, one after the other, and what
// comes between them.

#ifndef CRECHE_LIB_POSTGRES_POSTGRES_SESSION_H_
#define CRECHE_LIB_POSTGRES_POSTGRES_SESSION_H_

#include <postgresql/libpq-fe.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/function.h"
#include "creche/core/task.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/postgres/postgres_options.h"
#include "creche/sync/channel.h"
#include "lib/postgres/input_watch.h"
#include "lib/postgres/postgres_request.h"
#include "lib/postgres/postgres_wire.h"

namespace creche::internal {

// Invariant: while no exchange is under way, the connection, if it is open, is
// in step: nothing was asked that is not answered in full, and no cancel
// request is under way.
//
// Close() may come at any time, from another task: after every co_await, what
// goes on looks whether the wire is still open.
class PostgresSession : public std::enable_shared_from_this<PostgresSession> {
 public:
  // Requires: connected.
  PostgresSession(PostgresPtr<PGconn> connection, PostgresOptions options);
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;
  ~PostgresSession();

  // Sends the requests, and takes their whole answers, which are as many.
  // `session` may be null.
  static Task<absl::Status> Exchange(std::shared_ptr<PostgresSession> session,
                                     absl::Span<PostgresRequest> requests,
                                     absl::Span<PostgresResult> answers);
  static Task<absl::StatusOr<Receiver<PostgresNotification>>> Listen(
      std::shared_ptr<PostgresSession> session, std::string channel);

  bool is_usable() const;
  bool in_transaction() const;
  bool has_failed_transaction() const;
  // `reason`: what calls give from now on.
  void Close(absl::Status reason);

  // There may be input, and no exchange is under way that would take it.
  void OnInput();

 private:
  class Claim;
  using Listener = std::pair<std::string, Sender<PostgresNotification>>;

  // OK if an exchange can begin.
  absl::Status MayBegin() const;

  Task<absl::Status> Converse(absl::Span<PostgresRequest> requests,
                              absl::Span<PostgresResult> answers);
  // The answer to one request. `error`: what the server says instead; the
  // Status: why the connection is out of step.
  Task<absl::Status> TakeAnswer(PostgresRequest& request,
                                PostgresResult& answer, absl::Status& error);
  absl::Status AddRows(PostgresResult& answer, PGresult* part);
  // The data of a COPY, for which the request has what it takes.
  Task<absl::Status> Copy(PostgresRequest& request, ExecStatusType direction);
  Task<absl::Status> SendCopy(PostgresRequest& request);
  Task<absl::Status> ReceiveCopy(PostgresRequest& request);

  // Makes the connection step with the server again, however that may be.
  Task<absl::Status> Recover();
  Task<absl::Status> CancelQuery();
  Task<absl::Status> Drain();

  void Deliver(const PGnotify& notification);
  void TakeNotifications();
  void WatchInput();

  const PostgresOptions options_;
  PostgresWire wire_;
  bool is_in_use_ = false;
  bool is_in_step_ = true;
  std::optional<ExecStatusType> copy_;  // The COPY that is under way.
  std::size_t result_size_ = 0;         // Of the exchange that is under way.
  std::vector<Listener> listeners_;
  std::shared_ptr<InputWatch> watch_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_POSTGRES_SESSION_H_
