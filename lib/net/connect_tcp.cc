// SPDX-License-Identifier: Apache-2.0

#include "creche/net/connect_tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/uring/operation.h"
#include "lib/net/file_descriptor.h"
#include "lib/net/socket_error.h"

namespace creche {
namespace {

// The port is chosen when the connection is made, so that one that is in use
// towards another server can be used again.
int BindLocal(int fd, const SocketAddress& address) {
  const int yes = 1;
  if (address.port() == 0 && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT,
                                        &yes, sizeof(yes)) != 0) {
    return -1;
  }
  return bind(fd, address.data(), address.size());
}

}  // namespace

Task<absl::StatusOr<TcpStream>> ConnectTcp(SocketAddress address,
                                           ConnectOptions options) {
  const std::string what = absl::StrCat("connect to ", address.ToString());
  if (!address.is_ip()) {
    co_return absl::InvalidArgumentError(
        absl::StrCat(what, ": not an IP address"));
  }
  internal::FileDescriptor fd(
      socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  const int yes = 1;
  if (!fd.is_open() ||
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0) {
    co_return internal::SocketError(errno, what);
  }
  if (options.local_address().has_value() &&
      BindLocal(fd.get(), *options.local_address()) != 0) {
    co_return internal::SocketError(
        errno,
        absl::StrCat(what, " from ", options.local_address()->ToString()));
  }
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_connect(&entry, fd.get(), address.data(), address.size());
  };
  const int result = co_await Uring(prepare);
  if (result < 0) co_return internal::SocketError(-result, what);
  co_return TcpStream(internal::SocketRef(fd.Release(), address));
}

Task<absl::StatusOr<TcpStream>> ConnectTcp(std::string host, std::uint16_t port,
                                           ConnectOptions options) {
  const absl::StatusOr<SocketAddress> address =
      SocketAddress::Parse(host, port);
  if (!address.ok()) co_return address.status();
  auto connect = ConnectTcp(*address, std::move(options));
  co_return co_await std::move(connect);
}

}  // namespace creche
