// SPDX-License-Identifier: Apache-2.0
//
// PostgresConnection: queries to a PostgreSQL server, cancelled without harm.
//
//   creche::PostgresConnection db = co_await creche::Try(
//       creche::PostgresConnection::Connect("host=db dbname=shop"));
//   // Named first: g++ 12 compiles no braced list inside co_await.
//   std::vector<std::optional<std::string>> id = {"42"};
//   creche::PostgresResult result = co_await creche::Try(
//       db.Execute("SELECT name FROM customer WHERE id = $1", id));
//   for (const auto& row : result.rows) std::cout << row[0].value_or("NULL");
//
// libpq speaks the protocol; the target is //:postgres. What is left of a call
// that was cancelled, as a table: docs/postgres.md.

#ifndef CRECHE_POSTGRES_POSTGRES_CONNECTION_H_
#define CRECHE_POSTGRES_POSTGRES_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/core/function.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/postgres/internal/forward.h"
#include "creche/postgres/postgres_options.h"
#include "creche/sync/channel.h"

namespace creche {

// One of several statements that are sent together.
struct PostgresStatement {
  // Not explicit: {"SELECT 1"} is one.
  PostgresStatement(  // NOLINT(google-explicit-constructor)
      std::string sql, std::vector<std::optional<std::string>> parameters = {})
      : sql(std::move(sql)), parameters(std::move(parameters)) {}

  std::string sql;                                     // One statement.
  std::vector<std::optional<std::string>> parameters;  // $1, $2, ...
};

// What a statement gives, in PostgreSQL's text format; nullopt is NULL.
struct PostgresResult {
  // Their names, in the order of the values of each row.
  std::vector<std::string> columns;
  // One value for each column; empty for a statement that gives none.
  std::vector<std::vector<std::optional<std::string>>> rows;
  // How many rows were inserted, changed, deleted, selected or copied.
  std::uint64_t affected = 0;
};

// What NOTIFY sends.
struct PostgresNotification {
  std::string channel;     // As in LISTEN.
  std::string payload;     // Empty if NOTIFY gave none.
  int server_process = 0;  // Of the session that has sent it.
};

// Used by one task at a time, of one run. Closed when it is destroyed.
//
// A call that is cancelled, or fails half-way, cancels its query on the server,
// and takes what is left of its answer off the connection: shielded, within a
// second. If that fails, the connection is closed. So no query sees the answer
// of an earlier one, and no cancellation hits a later one.
//
// Errors of all calls: IsBusyResource: another task uses the connection; it is
//   not disturbed. IsClosedResource: Close() was called. IsBrokenResource: the
//   connection is lost, or was closed as above. An error that the server has
//   sent has an SqlState().
class PostgresConnection {
 public:
  // `conninfo` is what libpq takes: "host=... dbname=...", or a URI; what it
  // does not say is taken from the environment (PGHOST and so on). Names are
  // looked up by Resolve(); only those in a service file block the thread.
  // connect_timeout is not looked at: use FailAfter().
  // Cancellation: safe. No connection is left.
  // Errors: kInvalidArgument: the string. kNotFound: no such host, or database.
  //   kUnauthenticated: a password or a certificate. kUnavailable: no server
  //   answers; the message names host, port and phase.
  static Task<absl::StatusOr<PostgresConnection>> Connect(
      std::string conninfo, PostgresOptions options = PostgresOptions());

  PostgresConnection(PostgresConnection&& other) noexcept = default;
  PostgresConnection& operator=(PostgresConnection&& other) noexcept;
  ~PostgresConnection();

  // One statement, with its parameters $1, $2, ...
  // Cancellation: the query is cancelled on the server. Whether it has had its
  //   effect is not known, unless it was in a transaction, which has failed.
  // Errors: kInvalidArgument: the statement is wrong, or several, or COPY.
  //   kResourceExhausted: the rows take too much memory: see PostgresOptions.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<PostgresResult>> Execute(
      std::string sql, std::vector<std::optional<std::string>> parameters = {});

  // Several statements in one round trip (libpq's pipeline); their results in
  // their order. Unless a transaction is open, they are one: if a statement
  // fails, none has an effect, and those behind it are not executed.
  // Cancellation: as of Execute(), for all of them together.
  // Errors: as of Execute(), of the first that fails; the message has its
  //   number, from 1.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::vector<PostgresResult>>>
  ExecuteAll(std::vector<PostgresStatement> statements);

  // Has the server parse `sql` once, for ExecutePrepared() on this connection.
  // Cancellation: as of Execute().
  // Errors: as of Execute().
  CRECHE_CORO_WRAPPER Task<absl::Status> Prepare(std::string name,
                                                 std::string sql);

  // Executes what was prepared under this name.
  // Cancellation: as of Execute().
  // Errors: as of Execute().
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<PostgresResult>> ExecutePrepared(
      std::string name,
      std::vector<std::optional<std::string>> parameters = {});

  // COPY ... FROM STDIN: sends what source() gives until that is nullopt. A
  // server that is slow holds source() back. An error of source() ends the
  // COPY, which then has no effect, and is returned.
  // Cancellation: as of Execute(). Before the source has ended, nothing is
  //   copied.
  // Errors: as of Execute(); kInvalidArgument: the statement is another one, or
  //   does not begin with COPY.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<PostgresResult>> CopyIn(
      std::string sql,
      Function<absl::StatusOr<std::optional<std::string>>()> source);

  // COPY ... TO STDOUT: sink(data) for each row. Awaiting it holds the server
  // back; its error cancels the COPY, and is returned.
  // Cancellation: as of Execute().
  // Errors: as of CopyIn().
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<PostgresResult>> CopyOut(
      std::string sql, Function<absl::Status(absl::string_view)> sink);

  // What NOTIFY sends to `channel` from now on, until the receiver is closed;
  // the end is that of the connection. Nobody needs to use the connection
  // meanwhile, and anybody can. What is not received is kept: without a limit.
  // Cancellation: as of Execute().
  // Errors: as of Execute().
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<Receiver<PostgresNotification>>>
  Listen(std::string channel);

  // Whether the connection can be used: it is open, and the server, as far as
  // the system knows, has not left. A Pool lends no other.
  bool is_usable() const;

  // Whether a transaction is open, failed or not; and whether a failed one is,
  // in which the server refuses everything but ROLLBACK.
  bool in_transaction() const;
  bool has_failed_transaction() const;

  // Ends what is under way with IsClosedResource, and channels with their end.
  void Close();

 private:
  explicit PostgresConnection(
      std::shared_ptr<internal::PostgresSession> session);

  std::shared_ptr<internal::PostgresSession> session_;
};

// The code ("23505") of an error that the server has sent.
std::optional<std::string> SqlState(const absl::Status& status);

// BEGIN, body(), COMMIT. Gives StatusOrOf<R> of what the Task of body(), or of
// body(connection), gives. If the body fails, throws or is cancelled, there is
// a ROLLBACK instead, shielded and within a second; if that fails, the
// connection is closed, and the server rolls back.
//
// Cancellation: rolled back. During the COMMIT: it is not known which.
// Errors: kFailedPrecondition: a transaction is open already. kAborted: the
//   body gave OK though a statement had failed; rolled back. Others as of
//   PostgresConnection::Execute().
template <typename Body>
CRECHE_CORO_WRAPPER auto WithTransaction(PostgresConnection& connection,
                                         Body body);

}  // namespace creche

#include "creche/postgres/internal/with_transaction_inl.h"

#endif  // CRECHE_POSTGRES_POSTGRES_CONNECTION_H_
