// SPDX-License-Identifier: Apache-2.0

#include "creche/net/tcp_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/checkpoint.h"
#include "creche/core/try.h"
#include "creche/net/resolve.h"
#include "creche/uring/file_descriptor.h"
#include "creche/uring/socket_names.h"
#include "lib/net/adopt_socket.h"
#include "lib/net/bind.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace {

bool SetOption(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

}  // namespace

absl::StatusOr<TcpListener> TcpListener::FromDescriptor(int fd) {
  const absl::StatusOr<SocketAddress> name = internal::PrepareToAdopt(
      fd, internal::SocketKind::kTcpListener, "TcpListener::FromDescriptor");
  if (!name.ok()) return name.status();
  return TcpListener(internal::ListenSocketRef::Make(fd, *name));
}

absl::StatusOr<TcpListener> ListenTcp(const SocketAddress& address,
                                      const ListenOptions& options) {
  const std::string what = absl::StrCat("listen on ", address.ToString());
  if (!address.is_ip()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": not an IP address"));
  }
  FileDescriptor fd(
      socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  // Connections that were closed a moment ago do not keep the port, and
  // accepted sockets inherit TCP_NODELAY.
  if (!fd.is_open() || !SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) ||
      !SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1) ||
      (options.reuse_port() &&
       !SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) ||
      (address.family() == AF_INET6 &&
       !SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY,
                  options.v6_only() ? 1 : 0))) {
    return internal::SystemError(errno, what);
  }
  const absl::StatusOr<SocketAddress> bound =
      internal::Bind(fd.get(), address, what);
  if (!bound.ok()) return bound.status();
  if (const int result =
          SocketNames::Current().Listen(fd.get(), options.backlog());
      result != 0) {
    return internal::BindError(-result, address, what);
  }
  return TcpListener(internal::ListenSocketRef::Make(fd.Release(), *bound));
}

Task<absl::StatusOr<TcpListener>> ListenTcp(std::string host,
                                            std::uint16_t port,
                                            ListenOptions options) {
  co_await Checkpoint();
  if (host.empty()) {
    absl::StatusOr<TcpListener> listener =
        ListenTcp(*SocketAddress::Parse("::", port), options);
    // A machine may be built without IPv6, or have it turned off.
    const absl::StatusCode code = listener.status().code();
    const bool has_no_v6 = code == absl::StatusCode::kUnimplemented ||
                           code == absl::StatusCode::kAlreadyExists;
    if (!has_no_v6 || options.v6_only()) co_return listener;
    host = "0.0.0.0";
  }
  auto resolve = options.resolver().Resolve(host, port);
  const std::vector<SocketAddress> addresses = co_await Try(std::move(resolve));
  if (addresses.empty()) {
    co_return absl::NotFoundError(absl::StrCat(
        "listen on ", host, ": the resolver has found no address"));
  }
  co_return ListenTcp(addresses.front(), options);
}

}  // namespace creche
