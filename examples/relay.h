// SPDX-License-Identifier: Apache-2.0
//
// RelayBoth: copies bytes between two connections, both ways, until both have
// ended. Whatever goes wrong on one side is told to the other by a reset: an
// answer that was cut off must not look like a whole one.

#ifndef EXAMPLES_RELAY_H_
#define EXAMPLES_RELAY_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace examples {

// Resets both, unless both have come to their ends: however it is left.
class RelayedPair {
 public:
  RelayedPair(creche::TcpStream client, creche::TcpStream server)
      : client(std::move(client)), server(std::move(server)) {}
  RelayedPair(const RelayedPair&) = delete;
  RelayedPair& operator=(const RelayedPair&) = delete;
  ~RelayedPair() {
    if (is_complete) return;
    client.Abort();
    server.Abort();
  }

  creche::TcpStream client;
  creche::TcpStream server;
  bool is_complete = false;
};

// One direction. Hands the end on. Each step puts off the scope's deadline.
inline creche::Task<absl::Status> Pump(creche::TcpStream& from,
                                       creche::TcpStream& to,
                                       creche::CancelScope& scope,
                                       absl::Duration idle_timeout) {
  std::vector<char> buffer(size_t{16} << 10);
  for (;;) {
    const size_t size =
        co_await creche::Try(from.ReceiveSome(absl::MakeSpan(buffer)));
    if (size == 0) co_return co_await to.SendEof();
    const absl::string_view data(buffer.data(), size);
    co_await creche::Try(to.SendAll(data));
    scope.set_deadline(creche::Now() + idle_timeout);
  }
}

// Cancellation: both connections are reset, with the pair.
// Errors: those of the connections. kDeadlineExceeded: for `idle_timeout`,
//   nothing has moved in either direction. They are reset, too.
inline creche::Task<absl::Status> RelayBoth(RelayedPair& pair,
                                            absl::Duration idle_timeout) {
  creche::CancelScope idle(creche::CancelScopeOptions{.timeout = idle_timeout});
  auto pumps = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
    nursery.StartSoon([&]() -> creche::Task<absl::Status> {
      co_return co_await Pump(pair.client, pair.server, idle, idle_timeout);
    });
    co_return co_await Pump(pair.server, pair.client, idle, idle_timeout);
  };
  auto both = idle.Run(creche::WithNursery(pumps));
  const auto status = co_await std::move(both);
  pair.is_complete = status.has_value() && status->ok();
  co_return status.value_or(absl::DeadlineExceededError("nothing moves"));
}

}  // namespace examples

#endif  // EXAMPLES_RELAY_H_
