// SPDX-License-Identifier: Apache-2.0

#include "creche/postgres/postgres_connection.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/function.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "lib/postgres/connect.h"
#include "lib/postgres/postgres_session.h"

namespace creche {
namespace {

using internal::PostgresRequest;
using internal::PostgresSession;
using Parameters = std::vector<std::optional<std::string>>;
using Answer = Task<absl::StatusOr<PostgresResult>>;

// The answer of an exchange with one request.
Answer AnswerTo(PostgresRequest request,
                std::shared_ptr<PostgresSession> session) {
  PostgresResult answer;
  auto exchange =
      PostgresSession::Exchange(std::move(session), absl::MakeSpan(&request, 1),
                                absl::MakeSpan(&answer, 1));
  co_await Try(std::move(exchange));
  co_return answer;
}

// The same with several.
Task<absl::StatusOr<std::vector<PostgresResult>>> AnswersTo(
    std::vector<PostgresRequest> requests,
    std::shared_ptr<PostgresSession> session) {
  std::vector<PostgresResult> answers(requests.size());
  auto exchange = PostgresSession::Exchange(
      std::move(session), absl::MakeSpan(requests), absl::MakeSpan(answers));
  co_await Try(std::move(exchange));
  co_return answers;
}

Task<absl::Status> StatusOf(Answer exchange) {
  const absl::StatusOr<PostgresResult> answer = co_await std::move(exchange);
  co_return answer.status();
}

constexpr absl::Duration kRollbackTime = absl::Seconds(1);

}  // namespace

Task<absl::StatusOr<PostgresConnection>> PostgresConnection::Connect(
    std::string conninfo, PostgresOptions options) {
  auto connect = internal::ConnectPostgres(std::move(conninfo), options);
  auto session = co_await Try(std::move(connect));
  co_return PostgresConnection(std::move(session));
}

PostgresConnection::PostgresConnection(std::shared_ptr<PostgresSession> session)
    : session_(std::move(session)) {}

PostgresConnection& PostgresConnection::operator=(
    PostgresConnection&& other) noexcept {
  PostgresConnection old(std::move(*this));
  session_ = std::move(other.session_);
  return *this;
}

PostgresConnection::~PostgresConnection() { Close(); }

Answer PostgresConnection::Execute(std::string sql, Parameters parameters) {
  PostgresRequest request;
  request.sql = std::move(sql);
  request.parameters = std::move(parameters);
  return AnswerTo(std::move(request), session_);
}

Task<absl::StatusOr<std::vector<PostgresResult>>>
PostgresConnection::ExecuteAll(std::vector<PostgresStatement> statements) {
  std::vector<PostgresRequest> requests(statements.size());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    requests[i].sql = std::move(statements[i].sql);
    requests[i].parameters = std::move(statements[i].parameters);
  }
  return AnswersTo(std::move(requests), session_);
}

Task<absl::Status> PostgresConnection::Prepare(std::string name,
                                               std::string sql) {
  PostgresRequest request;
  request.kind = PostgresRequest::Kind::kPrepare;
  request.name = std::move(name);
  request.sql = std::move(sql);
  return StatusOf(AnswerTo(std::move(request), session_));
}

Answer PostgresConnection::ExecutePrepared(std::string name,
                                           Parameters parameters) {
  PostgresRequest request;
  request.kind = PostgresRequest::Kind::kPrepared;
  request.name = std::move(name);
  request.parameters = std::move(parameters);
  return AnswerTo(std::move(request), session_);
}

Answer PostgresConnection::CopyIn(
    std::string sql,
    Function<absl::StatusOr<std::optional<std::string>>()> source) {
  PostgresRequest request;
  request.sql = std::move(sql);
  request.source = std::move(source);
  return AnswerTo(std::move(request), session_);
}

Answer PostgresConnection::CopyOut(
    std::string sql, Function<absl::Status(absl::string_view)> sink) {
  PostgresRequest request;
  request.sql = std::move(sql);
  request.sink = std::move(sink);
  return AnswerTo(std::move(request), session_);
}

Task<absl::StatusOr<Receiver<PostgresNotification>>> PostgresConnection::Listen(
    std::string channel) {
  return PostgresSession::Listen(session_, std::move(channel));
}

bool PostgresConnection::is_usable() const {
  return session_ != nullptr && session_->is_usable();
}

bool PostgresConnection::in_transaction() const {
  return session_ != nullptr && session_->in_transaction();
}

bool PostgresConnection::has_failed_transaction() const {
  return session_ != nullptr && session_->has_failed_transaction();
}

void PostgresConnection::Close() {
  if (session_ == nullptr) return;
  session_->Close(ClosedResourceError("PostgreSQL: the connection was closed"));
}

namespace internal {

Task<absl::Status> BeginTransaction(PostgresConnection& connection,
                                    bool& is_ours) {
  if (connection.in_transaction()) {
    co_return co_await AfterCheckpoint(absl::FailedPreconditionError(
        "WithTransaction: the connection is in a transaction already; for a "
        "part of one, use SAVEPOINT"));
  }
  is_ours = true;
  const absl::StatusOr<PostgresResult> begun =
      co_await connection.Execute("BEGIN");
  if (IsBusyResource(begun.status())) is_ours = false;
  co_return begun.status();
}

Task<absl::Status> CommitTransaction(PostgresConnection& connection) {
  // The server would answer ROLLBACK, which is no error to it.
  if (connection.has_failed_transaction()) {
    co_return absl::AbortedError(
        "WithTransaction: the body gave OK, but one of its statements had "
        "failed: rolled back");
  }
  const absl::StatusOr<PostgresResult> committed =
      co_await connection.Execute("COMMIT");
  co_return committed.status();
}

Task<> EndTransaction(PostgresConnection& connection) {
  if (!connection.in_transaction()) co_return;
  auto rollback = MoveOnAfter(kRollbackTime, connection.Execute("ROLLBACK"));
  const auto rolled_back = co_await std::move(rollback);
  if (!rolled_back.has_value() || !rolled_back->ok()) connection.Close();
}

}  // namespace internal
}  // namespace creche
