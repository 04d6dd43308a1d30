// SPDX-License-Identifier: Apache-2.0
//
// ConnectTcp: to a server.
//
//   creche::TcpStream stream =
//       co_await creche::Try(creche::ConnectTcp("127.0.0.1", 8080));

#ifndef CRECHE_NET_CONNECT_TCP_H_
#define CRECHE_NET_CONNECT_TCP_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_stream.h"

namespace creche {

class ConnectOptions {
 public:
  ConnectOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // Where the connection comes from: an address of this machine; port 0 is any.
  ConnectOptions& set_local_address(const SocketAddress& address) {
    local_address_ = address;
    return *this;
  }

  const std::optional<SocketAddress>& local_address() const {
    return local_address_;
  }

 private:
  std::optional<SocketAddress> local_address_;
};

// Connects to `host`.
// Cancellation: safe. No socket is left.
// Errors: kUnavailable: refused, reset, or no route. kInvalidArgument: not an
//   address. kResourceExhausted: no descriptors.
Task<absl::StatusOr<TcpStream>> ConnectTcp(std::string host, std::uint16_t port,
                                           ConnectOptions options = {});
// The same, for an address at hand.
Task<absl::StatusOr<TcpStream>> ConnectTcp(SocketAddress address,
                                           ConnectOptions options = {});

}  // namespace creche

#endif  // CRECHE_NET_CONNECT_TCP_H_
