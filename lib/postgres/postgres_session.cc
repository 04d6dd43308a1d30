// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/postgres_session.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/cleanup.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/race.h"
#include "creche/core/try.h"
#include "creche/net/wait_readable.h"
#include "creche/threads/run_in_thread.h"
#include "lib/postgres/postgres_errors.h"

namespace creche::internal {
namespace {

// How long a call that was cancelled, or has failed, may hold its task up.
constexpr absl::Duration kRecoveryTime = absl::Seconds(1);

// What the protocol has room for.
constexpr size_t kMaxParameters = 65535;
constexpr size_t kMaxChannelName = 63;

absl::Status ClosedError() {
  return ClosedResourceError("PostgreSQL: the connection was closed");
}

bool HasNul(absl::string_view text) {
  return text.find('\0') != absl::string_view::npos;
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
  for (size_t i = 0; i < request.parameters.size(); ++i) {
    if (HasNul(request.parameters[i].value_or(""))) {
      return absl::InvalidArgumentError(
          absl::StrCat("PostgreSQL: a NUL in parameter $", i + 1,
                       "; for bytea, write it in hexadecimal: \\x00"));
    }
  }
  return absl::OkStatus();
}

std::optional<std::string> ValueOf(const PGresult* result, int row,
                                   int column) {
  if (PQgetisnull(result, row, column) != 0) return std::nullopt;
  return std::string(PQgetvalue(result, row, column),
                     static_cast<size_t>(PQgetlength(result, row, column)));
}

PostgresResult AnswerOf(PGresult* result) {
  PostgresResult answer;
  const int columns = PQnfields(result);
  for (int column = 0; column < columns; ++column) {
    answer.columns.emplace_back(PQfname(result, column));
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& values = answer.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      values.push_back(ValueOf(result, row, column));
    }
  }
  // Empty for statements that do not count.
  if (!absl::SimpleAtoi(PQcmdTuples(result), &answer.affected)) {
    answer.affected = 0;
  }
  return answer;
}

}  // namespace

// The right to an exchange. One that ends out of step takes the connection with
// it.
class PostgresSession::Claim {
 public:
  explicit Claim(PostgresSession& session) : session_(session) {
    session_.is_in_use_ = true;
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    session_.is_in_use_ = false;
    if (session_.is_in_step_) {
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

PostgresSession::PostgresSession(PostgresPtr<PGconn> connection)
    : connection_(std::move(connection)) {}

PostgresSession::~PostgresSession() { Close(ClosedError()); }

Task<absl::StatusOr<PostgresResult>> PostgresSession::Exchange(
    std::shared_ptr<PostgresSession> session, PostgresRequest request) {
  co_await BudgetedCheckpoint();
  if (session == nullptr) co_return ClosedError();
  absl::Status status = session->MayBegin();
  if (status.ok()) status = CheckRequest(request);
  if (!status.ok()) co_return status;
  const Claim claim(*session);
  auto converse = [&]() -> Task<absl::StatusOr<PostgresResult>> {
    co_return co_await session->Converse(request);
  };
  // What stops it from being in step again is Claim's concern.
  auto recover = [&]() -> Task<> {
    (co_await session->Recover()).IgnoreError();
  };
  co_return co_await WithCleanup(converse, recover, kRecoveryTime);
}

Task<absl::StatusOr<Receiver<PostgresNotification>>> PostgresSession::Listen(
    std::shared_ptr<PostgresSession> session, std::string channel) {
  if (channel.empty() || channel.size() > kMaxChannelName) {
    co_return co_await AfterCheckpoint(absl::InvalidArgumentError(
        absl::StrCat("PostgreSQL: the name of a channel has 1 to ",
                     kMaxChannelName, " bytes")));
  }
  PostgresRequest request;
  request.sql = absl::StrCat(
      "LISTEN \"", absl::StrReplaceAll(channel, {{"\"", "\"\""}}), "\"");
  auto [sender, receiver] = MakeChannel<PostgresNotification>(kUnbounded);
  // Before: the first notification may come with the answer.
  if (session != nullptr) {
    session->listeners_.emplace_back(std::move(channel), std::move(sender));
  }
  auto exchange = Exchange(session, std::move(request));
  const absl::StatusOr<PostgresResult> answer = co_await std::move(exchange);
  if (!answer.ok()) co_return answer.status();
  co_return std::move(receiver);
}

bool PostgresSession::is_usable() const {
  if (connection_ == nullptr) return false;
  pollfd entry = {PQsocket(connection_.get()), POLLRDHUP, 0};
  return PQstatus(connection_.get()) == CONNECTION_OK &&
         poll(&entry, 1, 0) == 0;
}

bool PostgresSession::in_transaction() const {
  if (connection_ == nullptr) return false;
  const auto status = PQtransactionStatus(connection_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresSession::has_failed_transaction() const {
  return connection_ != nullptr &&
         PQtransactionStatus(connection_.get()) == PQTRANS_INERROR;
}

void PostgresSession::Close(absl::Status reason) {
  if (connection_ == nullptr) return;
  const PostgresPtr<PGconn> connection = std::move(connection_);
  closed_because_ = std::move(reason);
  if (PQsocket(connection.get()) >= 0)
    NotifyClosing(PQsocket(connection.get()));
  if (watch_ != nullptr) watch_->Stop();
  watch_ = nullptr;
  listeners_.clear();
}

absl::Status PostgresSession::MayBegin() const {
  if (connection_ == nullptr) return closed_because_;
  if (!is_in_use_) return absl::OkStatus();
  return BusyResourceError("PostgreSQL: another task uses the connection");
}

absl::Status PostgresSession::StillOpen() const {
  return connection_ != nullptr ? absl::OkStatus() : closed_because_;
}

Task<absl::StatusOr<PostgresResult>> PostgresSession::Converse(
    PostgresRequest& request) {
  co_await Try(Send(request));
  co_await Try(Flush());
  PostgresResult answer;
  absl::Status error;
  for (;;) {
    const PostgresPtr<PGresult> result = co_await Try(NextResult());
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    switch (status) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
      case PGRES_EMPTY_QUERY:
        answer = AnswerOf(result.get());
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        copy_ = status;
        co_await Try(Copy(request, status));
        break;
      default:
        if (error.ok()) error = ErrorOfResult(result.get());
    }
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    co_return LostConnectionError(connection_.get(), error);
  }
  is_in_step_ = true;
  TakeNotifications();
  if (!error.ok()) co_return error;
  co_return answer;
}

absl::Status PostgresSession::Send(const PostgresRequest& request) {
  is_in_step_ = false;
  copy_.reset();
  std::vector<const char*> values;
  for (const std::optional<std::string>& parameter : request.parameters) {
    values.push_back(parameter.has_value() ? parameter->c_str() : nullptr);
  }
  const int count = static_cast<int>(values.size());
  PGconn* const connection = connection_.get();
  int is_sent = 0;
  switch (request.kind) {
    case PostgresRequest::Kind::kQuery:
      is_sent = PQsendQueryParams(connection, request.sql.c_str(), count,
                                  nullptr, values.data(), nullptr, nullptr, 0);
      break;
    case PostgresRequest::Kind::kPrepare:
      is_sent = PQsendPrepare(connection, request.name.c_str(),
                              request.sql.c_str(), 0, nullptr);
      break;
    case PostgresRequest::Kind::kPrepared:
      is_sent = PQsendQueryPrepared(connection, request.name.c_str(), count,
                                    values.data(), nullptr, nullptr, 0);
      break;
  }
  if (is_sent == 1) return absl::OkStatus();
  return LostConnectionError(connection, absl::OkStatus());
}

Task<absl::Status> PostgresSession::Flush() {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) co_return absl::OkStatus();
    if (left < 0) {
      co_return LostConnectionError(connection_.get(), absl::OkStatus());
    }
    co_await Try(AwaitInputOrRoom());
    ConsumeInput();
  }
}

Task<absl::Status> PostgresSession::AwaitInput() {
  co_await Try(WaitReadable(PQsocket(connection_.get())));
  co_return StillOpen();
}

Task<absl::Status> PostgresSession::AwaitInputOrRoom() {
  const int fd = PQsocket(connection_.get());
  const auto ready = co_await Race(WaitReadable(fd), WaitWritable(fd));
  co_await Try(StillOpen());
  co_return std::get<0>(ready).has_value() ? *std::get<0>(ready)
                                           : *std::get<1>(ready);
}

Task<absl::StatusOr<PostgresPtr<PGresult>>> PostgresSession::NextResult() {
  while (PQisBusy(connection_.get()) != 0) {
    // What PQgetResult() says then is the reason.
    if (PQstatus(connection_.get()) != CONNECTION_OK) break;
    co_await Try(AwaitInput());
    ConsumeInput();
  }
  co_return PostgresPtr<PGresult>(PQgetResult(connection_.get()));
}

// A failure shows in PQstatus(), and there may be results before it.
void PostgresSession::ConsumeInput() {
  PQconsumeInput(connection_.get());
  TakeNotifications();
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
    co_await Try(StillOpen());
    if (!data.has_value()) break;
    if (data->size() > std::numeric_limits<int>::max() / 2) {
      co_return absl::InvalidArgumentError(
          "PostgreSQL: CopyIn: more than a GiB in one piece");
    }
    const int size = static_cast<int>(data->size());
    int is_taken = 0;
    while ((is_taken = PQputCopyData(connection_.get(), data->data(), size)) ==
           0) {
      co_await Try(Flush());
    }
    if (is_taken < 0) {
      co_return LostConnectionError(connection_.get(), absl::OkStatus());
    }
    co_await Try(Flush());
  }
  co_await Try(EndCopyIn(nullptr));
  co_return co_await Flush();
}

Task<absl::Status> PostgresSession::ReceiveCopy(PostgresRequest& request) {
  for (;;) {
    const std::optional<std::string> data = co_await Try(NextCopyData());
    if (!data.has_value()) break;
    co_await Try(request.sink(*data));
    co_await Try(StillOpen());
  }
  copy_.reset();
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::optional<std::string>>>
PostgresSession::NextCopyData() {
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(connection_.get(), &data, /*async=*/1);
    const PostgresPtr<char> owner(data);
    if (size > 0) {
      co_return std::optional<std::string>(
          std::string(data, static_cast<size_t>(size)));
    }
    if (size < 0) co_return std::optional<std::string>();  // Or an error next.
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
      co_return LostConnectionError(connection_.get(), absl::OkStatus());
    }
    co_await Try(AwaitInput());
    ConsumeInput();
  }
}

absl::Status PostgresSession::EndCopyIn(const char* error) {
  copy_.reset();
  if (PQputCopyEnd(connection_.get(), error) == 1) return absl::OkStatus();
  return LostConnectionError(connection_.get(), absl::OkStatus());
}

Task<absl::Status> PostgresSession::Recover() {
  if (is_in_step_ || connection_ == nullptr ||
      PQstatus(connection_.get()) != CONNECTION_OK) {
    co_return absl::OkStatus();
  }
  // The server looks at a cancel request while it works for us, not while it
  // waits for the rest of what we send.
  if (copy_ == PGRES_COPY_IN) co_await Try(EndCopyIn("given up by the client"));
  co_await Try(Flush());
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
  std::shared_ptr<PGcancel> cancel(PQgetCancel(connection_.get()),
                                   PostgresDeleter());
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
  co_return StillOpen();
}

Task<absl::Status> PostgresSession::Drain() {
  for (;;) {
    const PostgresPtr<PGresult> result = co_await Try(NextResult());
    if (result == nullptr) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_COPY_IN:
        co_await Try(EndCopyIn("given up by the client"));
        co_await Try(Flush());
        break;
      case PGRES_COPY_OUT:
        while ((co_await Try(NextCopyData())).has_value()) {
        }
        break;
      case PGRES_COPY_BOTH:  // Replication has no end.
        co_return absl::UnimplementedError("PostgreSQL: replication");
      default:
        break;
    }
  }
  if (PQstatus(connection_.get()) == CONNECTION_OK) co_return absl::OkStatus();
  co_return LostConnectionError(connection_.get(), absl::OkStatus());
}

void PostgresSession::OnInput() {
  if (connection_ == nullptr || is_in_use_) return;
  ConsumeInput();
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    return Close(LostConnectionError(connection_.get(), absl::OkStatus()));
  }
  WatchInput();
}

void PostgresSession::TakeNotifications() {
  while (PGnotify* const notification = PQnotifies(connection_.get())) {
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
  if (connection_ == nullptr || listeners_.empty() ||
      running.scheduler == nullptr) {
    return;
  }
  if (watch_ == nullptr) watch_ = std::make_shared<InputWatch>(*this);
  watch_->Arm(PQsocket(connection_.get()));
}

}  // namespace creche::internal
