// SPDX-License-Identifier: Apache-2.0
//
// TcpListener, ListenTcp: waiting for TCP connections.
//
//   creche::TcpListener listener =
//       co_await creche::Try(creche::ListenTcp("127.0.0.1", 0));
//   creche::TcpStream stream = co_await creche::Try(listener.Accept());

#ifndef CRECHE_NET_TCP_LISTENER_H_
#define CRECHE_NET_TCP_LISTENER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/net/internal/listen_socket.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"
#include "creche/net/socket_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {

// What it does is in net/socket_listener.h.
class TcpListener : public SocketListener<TcpStream> {
 public:
  explicit TcpListener(internal::ListenSocketRef socket)
      : SocketListener(std::move(socket)) {}

  // Takes over a TCP socket that listens, and sets it up as ListenTcp() would
  // (TCP_NODELAY, blocking mode): one that a service manager has opened, say.
  // Errors: kInvalidArgument: it is none; it remains the caller's.
  static absl::StatusOr<TcpListener> FromDescriptor(int fd);

  // Where it listens; 0 if it was moved from.
  std::uint16_t port() const { return socket_ ? socket_->name().port() : 0; }
};

// For ListenTcp().
class ListenOptions {
 public:
  ListenOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // How many connections may wait to be accepted. 65535 by default, which
  // leaves it to the system's own limit (net.core.somaxconn).
  ListenOptions& set_backlog(int backlog) {
    backlog_ = backlog;
    return *this;
  }
  // Lets several listeners, of several threads or processes, share the port;
  // the kernel spreads the connections. Off by default.
  ListenOptions& set_reuse_port(bool reuse_port) {
    reuse_port_ = reuse_port;
    return *this;
  }
  // Whether a listener on "::" takes IPv6 connections only. Off by default.
  ListenOptions& set_v6_only(bool v6_only) {
    v6_only_ = v6_only;
    return *this;
  }
  // Where the address of a name comes from; SystemResolver() by default. It
  // must live as long as the call.
  ListenOptions& set_resolver(Resolver& resolver) {
    resolver_ = &resolver;
    return *this;
  }

  int backlog() const { return backlog_; }
  bool reuse_port() const { return reuse_port_; }
  bool v6_only() const { return v6_only_; }
  Resolver& resolver() const { return *resolver_; }

 private:
  int backlog_ = 65535;
  bool reuse_port_ = false;
  bool v6_only_ = false;
  Resolver* resolver_ = &SystemResolver();
};

// Listens on an address of this machine, in digits or by name (the first
// address of the name). An empty `host` is all of them, IPv4 and IPv6. With
// port 0 the system picks a port: ask the listener which.
// Cancellation: safe.
// Errors: same as Resolve() (net/resolve.h). kFailedPrecondition: the port is
// in
//   use. kInvalidArgument: not an address. kAlreadyExists: not one of this
//   machine. kPermissionDenied: ports below 1024 need a privilege.
//   kResourceExhausted: no descriptors.
Task<absl::StatusOr<TcpListener>> ListenTcp(
    std::string host, std::uint16_t port,
    ListenOptions options = ListenOptions());
// The same, for an address at hand. Not a checkpoint.
absl::StatusOr<TcpListener> ListenTcp(const SocketAddress& address,
                                      const ListenOptions& options = {});

}  // namespace creche

#endif  // CRECHE_NET_TCP_LISTENER_H_
