// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/postgres_session.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cleanup.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/try.h"
#include "creche/threads/run_in_thread.h"
#include "lib/postgres/postgres_errors.h"
#include "lib/postgres/postgres_request.h"
#include "lib/postgres/postgres_wire.h"

namespace creche::internal {
namespace {

// How long a call that was cancelled, or has failed, may hold its task up.
constexpr absl::Duration kRecoveryTime = absl::Seconds(1);

// What the server does not cut off.
constexpr size_t kMaxChannelName = 63;

// What the server says of a COPY that was not ended.
constexpr char kGivenUp[] = "given up by the client";

absl::Status ClosedError() {
  return ClosedResourceError("PostgreSQL: the connection was closed");
}

}  // namespace

// The right to an exchange. One that ends out of step takes the connection with
// it.
class PostgresSession::Claim {
 public:
  explicit Claim(PostgresSession& session) : session_(session) {
    session_.is_in_use_ = true;
    session_.wire_.set_phase("query");
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    session_.is_in_use_ = false;
    session_.wire_.set_phase("idle");
    if (session_.is_in_step_) {
      session_.TakeNotifications();
      session_.WatchInput();
      return;
    }
    session_.Close(BrokenResourceError(
        "PostgreSQL: the connection was closed, for an earlier call had to "
        "leave it in the middle of an answer"));
  }

 private:
  PostgresSession& session_;
};

PostgresSession::PostgresSession(PostgresPtr<PGconn> connection,
                                 PostgresOptions options)
    : options_(options), wire_(std::move(connection)) {}

PostgresSession::~PostgresSession() { Close(ClosedError()); }

Task<absl::Status> PostgresSession::Exchange(
    std::shared_ptr<PostgresSession> session,
    absl::Span<PostgresRequest> requests, absl::Span<PostgresResult> answers) {
  co_await BudgetedCheckpoint();
  if (session == nullptr) co_return ClosedError();
  co_await Try(session->MayBegin());
  co_await Try(CheckRequests(requests));
  if (requests.empty()) co_return absl::OkStatus();
  const Claim claim(*session);
  auto conversing = session->Converse(requests, answers);
  // What stops it from being in step again is Claim's concern.
  auto recover = [&]() -> Task<> {
    (co_await session->Recover()).IgnoreError();
  };
  co_return co_await WithCleanup(std::move(conversing), recover, kRecoveryTime);
}

Task<absl::StatusOr<Receiver<PostgresNotification>>> PostgresSession::Listen(
    std::shared_ptr<PostgresSession> session, std::string channel) {
  if (channel.empty() || channel.size() > kMaxChannelName) {
    co_return co_await AfterCheckpoint(absl::InvalidArgumentError(
        absl::StrCat("PostgreSQL: the name of a channel has 1 to ",
                     kMaxChannelName, " bytes")));
  }
  PostgresRequest request;
  PostgresResult answer;
  request.sql = absl::StrCat(
      "LISTEN \"", absl::StrReplaceAll(channel, {{"\"", "\"\""}}), "\"");
  auto [sender, receiver] = MakeChannel<PostgresNotification>(kUnbounded);
  // Before: the first notification may come with the answer.
  if (session != nullptr) {
    session->listeners_.emplace_back(std::move(channel), std::move(sender));
  }
  auto exchange = Exchange(session, absl::MakeSpan(&request, 1),
                           absl::MakeSpan(&answer, 1));
  co_await Try(std::move(exchange));
  co_return std::move(receiver);
}

bool PostgresSession::is_usable() const {
  if (!wire_.is_connected()) return false;
  pollfd entry = {PQsocket(wire_.get()), POLLRDHUP, 0};
  return poll(&entry, 1, 0) == 0;
}

bool PostgresSession::in_transaction() const {
  if (!wire_.is_open()) return false;
  const auto status = PQtransactionStatus(wire_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresSession::has_failed_transaction() const {
  return wire_.is_open() && PQtransactionStatus(wire_.get()) == PQTRANS_INERROR;
}

void PostgresSession::Close(absl::Status reason) {
  if (!wire_.is_open()) return;
  // First: it is not to find another file under the descriptor's number.
  if (watch_ != nullptr) watch_->Stop();
  watch_ = nullptr;
  wire_.Close(std::move(reason));
  listeners_.clear();
}

absl::Status PostgresSession::MayBegin() const {
  if (!wire_.is_open() || !is_in_use_) return wire_.StillOpen();
  return BusyResourceError("PostgreSQL: another task uses the connection");
}

Task<absl::Status> PostgresSession::Converse(
    absl::Span<PostgresRequest> requests, absl::Span<PostgresResult> answers) {
  is_in_step_ = false;
  copy_.reset();
  result_size_ = 0;
  if (!SendRequests(wire_.get(), requests)) co_return wire_.LostError();
  absl::Status error;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    absl::Status answered;
    co_await Try(TakeAnswer(requests[i], answers[i], answered));
    // What is behind the first that fails is not executed, and only says so.
    if (error.ok()) error = AboutStatement(answered, i, requests.size());
  }
  if (wire_.is_connected() && wire_.is_pipeline()) {
    co_await Try(wire_.EndPipeline());
  }
  if (!wire_.is_connected()) co_return wire_.LostError(error);
  if (!error.ok() && !SqlState(error).has_value()) {
    co_return wire_.ProtocolError(error);
  }
  is_in_step_ = true;
  co_return error;
}

Task<absl::Status> PostgresSession::TakeAnswer(PostgresRequest& request,
                                               PostgresResult& answer,
                                               absl::Status& error) {
  // Rows come one by one: so many of them are never in memory that the limit
  // would be of no use.
  PQsetSingleRowMode(wire_.get());
  for (;;) {
    if (!wire_.has_result()) co_await Try(wire_.AwaitResult());
    const PostgresPtr<PGresult> result = wire_.TakeResult();
    if (result == nullptr) co_return absl::OkStatus();
    const ExecStatusType status = PQresultStatus(result.get());
    switch (status) {
      case PGRES_COMMAND_OK:
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK:
      case PGRES_EMPTY_QUERY:
        co_await Try(AddRows(answer, result.get()));
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        copy_ = status;
        wire_.set_phase("COPY");
        co_await Try(Copy(request, status));
        wire_.set_phase("query");
        break;
      default:
        if (error.ok()) error = ErrorOfResult(result.get());
    }
  }
}

absl::Status PostgresSession::AddRows(PostgresResult& answer, PGresult* part) {
  result_size_ += AddTo(answer, part);
  if (result_size_ <= options_.max_result()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "PostgreSQL: the rows take more than ", options_.max_result(),
      " bytes: see PostgresOptions::set_max_result(), or use "
      "CopyOut()"));
}

Task<absl::Status> PostgresSession::Copy(PostgresRequest& request,
                                         ExecStatusType direction) {
  if (direction == PGRES_COPY_IN && request.source) {
    co_return co_await SendCopy(request);
  }
  if (direction == PGRES_COPY_OUT && request.sink) {
    co_return co_await ReceiveCopy(request);
  }
  co_return absl::InvalidArgumentError(
      direction == PGRES_COPY_IN
          ? "PostgreSQL: COPY ... FROM STDIN is for CopyIn()"
          : "PostgreSQL: COPY ... TO STDOUT is for CopyOut()");
}

Task<absl::Status> PostgresSession::SendCopy(PostgresRequest& request) {
  for (;;) {
    const std::optional<std::string> data = co_await Try(request.source());
    co_await Try(wire_.StillOpen());
    if (!data.has_value()) break;
    co_await Try(wire_.SendCopyData(*data));
  }
  copy_.reset();
  co_await Try(wire_.EndCopyIn(nullptr));
  co_return co_await wire_.Flush();
}

Task<absl::Status> PostgresSession::ReceiveCopy(PostgresRequest& request) {
  for (;;) {
    const std::optional<std::string> data = co_await Try(wire_.NextCopyData());
    if (!data.has_value()) break;
    co_await Try(request.sink(*data));
    co_await Try(wire_.StillOpen());
  }
  copy_.reset();
  co_return absl::OkStatus();
}

Task<absl::Status> PostgresSession::Recover() {
  if (is_in_step_ || !wire_.is_connected()) co_return absl::OkStatus();
  wire_.set_phase("cancellation");
  // libpq has no COPY in a pipeline, and no way out of it.
  if (copy_.has_value() && wire_.is_pipeline()) co_return wire_.LostError();
  // The server looks at a cancel request while it works for us, not while it
  // waits for the rest of what we send.
  if (copy_ == PGRES_COPY_IN) co_await Try(wire_.EndCopyIn(kGivenUp));
  co_await Try(wire_.Flush());
  co_await Try(CancelQuery());
  co_await Try(Drain());
  is_in_step_ = true;
  co_return absl::OkStatus();
}

// On a thread: PQcancel() blocks, and what it sends is to be had from nowhere
// else. It returns when the server has closed the connection for the request,
// and so has told the session: from then on, no later query can be hit. Should
// that take too long, the thread is left to itself, and this connection is
// closed, which makes the request one for nobody.
Task<absl::Status> PostgresSession::CancelQuery() {
  std::shared_ptr<PGcancel> cancel(PQgetCancel(wire_.get()), PostgresDeleter());
  auto ask = [cancel = std::move(cancel)]() -> absl::Status {
    char error[256] = "";
    if (PQcancel(cancel.get(), error, sizeof(error)) == 1) {
      return absl::OkStatus();
    }
    return absl::UnavailableError(error);
  };
  ThreadOptions options;
  options.set_name("pg cancel").set_on_cancel(OnCancel::kAbandon);
  auto asking = RunInThread(options, ask);
  co_await Try(std::move(asking));
  co_return wire_.StillOpen();
}

Task<absl::Status> PostgresSession::Drain() {
  for (;;) {
    if (!wire_.has_result()) co_await Try(wire_.AwaitResult());
    const PostgresPtr<PGresult> result = wire_.TakeResult();
    if (result == nullptr) {
      // In a pipeline, each answer has an end, and the pipeline has one.
      if (!wire_.is_connected()) co_return wire_.LostError();
      if (!wire_.is_pipeline()) co_return absl::OkStatus();
      continue;
    }
    switch (PQresultStatus(result.get())) {
      case PGRES_COPY_IN:
        co_await Try(wire_.EndCopyIn(kGivenUp));
        co_await Try(wire_.Flush());
        break;
      case PGRES_COPY_OUT:
        while ((co_await Try(wire_.NextCopyData())).has_value()) {
        }
        break;
      case PGRES_COPY_BOTH:  // Replication has no end.
        co_return absl::UnimplementedError("PostgreSQL: replication");
      case PGRES_PIPELINE_SYNC:
        co_await Try(wire_.LeavePipeline());
        break;
      default:
        break;
    }
  }
}

void PostgresSession::OnInput() {
  if (!wire_.is_open() || is_in_use_) return;
  wire_.ConsumeInput();
  TakeNotifications();
  if (!wire_.is_connected()) return Close(wire_.LostError());
  WatchInput();
}

void PostgresSession::TakeNotifications() {
  while (PGnotify* const notification = PQnotifies(wire_.get())) {
    Deliver(*notification);
    PQfreemem(notification);
  }
}

// Those whose receiver is closed go.
void PostgresSession::Deliver(const PGnotify& notification) {
  const auto is_closed = [&](Listener& listener) {
    if (listener.first != notification.relname) return false;
    PostgresNotification copy;
    copy.channel = notification.relname;
    copy.payload = notification.extra;
    copy.server_process = notification.be_pid;
    return !listener.second.TrySend(std::move(copy)).ok();
  };
  listeners_.erase(
      std::remove_if(listeners_.begin(), listeners_.end(), is_closed),
      listeners_.end());
}

void PostgresSession::WatchInput() {
  if (!wire_.is_open() || listeners_.empty() || running.scheduler == nullptr) {
    return;
  }
  if (watch_ == nullptr) watch_ = std::make_shared<InputWatch>(*this);
  watch_->Arm(PQsocket(wire_.get()));
}

}  // namespace creche::internal
