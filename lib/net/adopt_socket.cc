// SPDX-License-Identifier: Apache-2.0

#include "lib/net/adopt_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/net/socket_address.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

struct Requirements {
  const char* name;
  bool is_unix;
  int type;
  int protocol;  // 0: whatever it has.
  bool listens;
  bool is_connected;
};

Requirements RequirementsOf(SocketKind kind) {
  switch (kind) {
    case SocketKind::kTcpStream:
      return {"TCP socket", false, SOCK_STREAM, IPPROTO_TCP, false, true};
    case SocketKind::kTcpListener:
      return {"TCP socket", false, SOCK_STREAM, IPPROTO_TCP, true, false};
    case SocketKind::kUnixStream:
      return {"Unix-domain stream", true, SOCK_STREAM, 0, false, true};
    case SocketKind::kUnixListener:
      return {"Unix-domain stream", true, SOCK_STREAM, 0, true, false};
    case SocketKind::kUdp:
      return {"UDP socket", false, SOCK_DGRAM, IPPROTO_UDP, false, false};
  }
  return {};
}

// -1 if `fd` is no socket.
int Option(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

using AskName = int (*)(int, sockaddr*, socklen_t*);

absl::StatusOr<SocketAddress> NameOf(int fd, AskName ask,
                                     absl::string_view what) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (ask(fd, generic, &size) != 0) return SystemError(errno, what);
  return SocketAddress::FromKernel(generic, size);
}

}  // namespace

absl::StatusOr<SocketAddress> PrepareToAdopt(int fd, SocketKind kind,
                                             absl::string_view what) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, "(): ", fd, " is not ", why));
  };
  const Requirements wanted = RequirementsOf(kind);
  const int domain = Option(fd, SO_DOMAIN);
  const bool is_of_family = wanted.is_unix
                                ? domain == AF_UNIX
                                : domain == AF_INET || domain == AF_INET6;
  if (!is_of_family || Option(fd, SO_TYPE) != wanted.type ||
      (wanted.protocol != 0 && Option(fd, SO_PROTOCOL) != wanted.protocol)) {
    return refuse(absl::StrCat("a ", wanted.name));
  }
  if (wanted.listens && Option(fd, SO_ACCEPTCONN) != 1) {
    return refuse("listening");
  }
  absl::StatusOr<SocketAddress> name =
      NameOf(fd,
             wanted.is_connected ? static_cast<AskName>(getpeername)
                                 : static_cast<AskName>(getsockname),
             what);
  if (!name.ok() && wanted.is_connected) return refuse("connected");
  if (!name.ok()) return name;
  if (const int flags = fcntl(fd, F_GETFL);
      (flags & O_NONBLOCK) != 0 &&
      fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
    return SystemError(errno, what);
  }
  // As ConnectTcp() does; what a listener accepts inherits it.
  const int yes = 1;
  if (wanted.protocol == IPPROTO_TCP &&
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0) {
    return SystemError(errno, what);
  }
  return name;
}

}  // namespace creche::internal
