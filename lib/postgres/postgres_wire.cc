// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/postgres_wire.h"

#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/race.h"
#include "creche/core/try.h"
#include "creche/net/wait_readable.h"
#include "lib/postgres/postgres_errors.h"

namespace creche::internal {

PostgresWire::PostgresWire(PostgresPtr<PGconn> connection)
    : connection_(std::move(connection)) {}

bool PostgresWire::is_connected() const {
  return is_open() && PQstatus(connection_.get()) == CONNECTION_OK;
}

absl::Status PostgresWire::StillOpen() const {
  return is_open() ? absl::OkStatus() : closed_because_;
}

void PostgresWire::Close(absl::Status reason) {
  const PostgresPtr<PGconn> connection = std::move(connection_);
  closed_because_ = std::move(reason);
  const int fd = PQsocket(connection.get());
  if (fd >= 0) NotifyClosing(fd);
}

absl::Status PostgresWire::LostError(const absl::Status& cause) const {
  return LostConnectionError(connection_.get(), phase_, cause);
}

absl::Status PostgresWire::ProtocolError(const absl::Status& cause) const {
  return internal::ProtocolError(connection_.get(), phase_, cause);
}

Task<absl::Status> PostgresWire::Flush() {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) co_return absl::OkStatus();
    if (left < 0) co_return LostError();
    co_await Try(AwaitInputOrRoom());
    ConsumeInput();
  }
}

Task<absl::Status> PostgresWire::AwaitInputOrRoom() {
  const int fd = PQsocket(connection_.get());
  const auto ready = co_await Race(WaitReadable(fd), WaitWritable(fd));
  co_await Try(StillOpen());
  co_return std::get<0>(ready).has_value() ? *std::get<0>(ready)
                                           : *std::get<1>(ready);
}

Task<absl::Status> PostgresWire::AwaitResult() {
  while (!has_result()) {
    // What the server has said before it left is still to be read, and better
    // than what PQflush() says.
    if (PQflush(connection_.get()) > 0) {
      co_await Try(AwaitInputOrRoom());
    } else {
      co_await Try(WaitReadable(PQsocket(connection_.get())));
      co_await Try(StillOpen());
    }
    ConsumeInput();
  }
  co_return absl::OkStatus();
}

Task<absl::Status> PostgresWire::EndPipeline() {
  co_await Try(AwaitResult());
  const PostgresPtr<PGresult> end = TakeResult();
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) co_return LostError();
  co_return LeavePipeline();
}

absl::Status PostgresWire::LeavePipeline() {
  return PQexitPipelineMode(connection_.get()) == 1 ? absl::OkStatus()
                                                    : LostError();
}

Task<absl::Status> PostgresWire::SendCopyData(const std::string& data) {
  if (data.size() > std::numeric_limits<int>::max() / 2) {
    co_return absl::InvalidArgumentError(
        "PostgreSQL: CopyIn: more than a GiB in one piece");
  }
  const int size = static_cast<int>(data.size());
  for (;;) {
    const int is_taken = PQputCopyData(connection_.get(), data.data(), size);
    if (is_taken < 0) co_return LostError();
    co_await Try(Flush());
    if (is_taken > 0) co_return absl::OkStatus();
  }
}

absl::Status PostgresWire::EndCopyIn(const char* error) {
  if (PQputCopyEnd(connection_.get(), error) == 1) return absl::OkStatus();
  return LostError();
}

Task<absl::StatusOr<std::optional<std::string>>> PostgresWire::NextCopyData() {
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(connection_.get(), &data, /*async=*/1);
    const PostgresPtr<char> owner(data);
    if (size > 0) {
      co_return std::optional<std::string>(
          std::string(data, static_cast<size_t>(size)));
    }
    if (size < 0) co_return std::optional<std::string>();  // Or an error next.
    if (!is_connected()) co_return LostError();
    co_await Try(WaitReadable(PQsocket(connection_.get())));
    co_await Try(StillOpen());
    ConsumeInput();
  }
}

}  // namespace creche::internal
