// SPDX-License-Identifier: Apache-2.0
//
// ConnectTcp: to a server.
//
//   creche::TcpStream stream =
//       co_await creche::Try(creche::ConnectTcp("example.org", 80));

#ifndef CRECHE_NET_CONNECT_TCP_H_
#define CRECHE_NET_CONNECT_TCP_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_stream.h"

namespace creche {

// For ConnectTcp().
class ConnectOptions {
 public:
  ConnectOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // Where the connection comes from: an address of this machine; port 0 is any.
  ConnectOptions& set_local_address(const SocketAddress& address) {
    local_address_ = address;
    return *this;
  }

  // How long an attempt has before the next one begins beside it. Range: more
  // than 0; 250 ms by default, as RFC 8305 recommends.
  ConnectOptions& set_attempt_delay(absl::Duration delay) {
    attempt_delay_ = delay;
    return *this;
  }
  // Where addresses come from; SystemResolver() by default. It must live as
  // long as the call.
  ConnectOptions& set_resolver(Resolver& resolver) {
    resolver_ = &resolver;
    return *this;
  }

  const std::optional<SocketAddress>& local_address() const {
    return local_address_;
  }
  absl::Duration attempt_delay() const { return attempt_delay_; }
  Resolver& resolver() const { return *resolver_; }

 private:
  std::optional<SocketAddress> local_address_;
  absl::Duration attempt_delay_ = absl::Milliseconds(250);
  Resolver* resolver_ = &SystemResolver();
};

// Connects to `host`, a name or an address in digits. Of a name with several
// addresses it tries one after the other, IPv6 and IPv4 in turn, does not wait
// long for one before it tries the next beside it, and takes the first that
// answers (Happy Eyeballs, RFC 8305).
//
// Cancellation: safe. No socket is left.
// Errors: same as Resolve() (net/resolve.h). kUnavailable: refused, reset, or
// no
//   route; or the only connection there was to have was one with itself, on a
//   port where nobody listens. kDeadlineExceeded: the system got no answer in
//   minutes. kResourceExhausted: no descriptors. If several attempts have
//   failed, the message has them all, and Errors() (core/error_group.h) tells
//   them apart.
Task<absl::StatusOr<TcpStream>> ConnectTcp(
    std::string host, std::uint16_t port,
    ConnectOptions options = ConnectOptions());
// The same, for an address at hand.
// Cancellation: safe. No socket is left.
Task<absl::StatusOr<TcpStream>> ConnectTcp(
    SocketAddress address, ConnectOptions options = ConnectOptions());

}  // namespace creche

#endif  // CRECHE_NET_CONNECT_TCP_H_
