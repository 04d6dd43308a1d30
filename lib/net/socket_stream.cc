// SPDX-License-Identifier: Apache-2.0

#include "creche/net/socket_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/errors.h"
#include "creche/net/tcp_stream.h"
#include "creche/uring/socket_names.h"
#include "lib/net/adopt_socket.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace {

// `ask` returns 0 or a negated errno.
template <typename Ask>
absl::StatusOr<SocketAddress> AskAddress(int fd, Ask ask, const char* what) {
  if (fd < 0) {
    return ClosedResourceError(absl::StrCat(what, " of a closed stream"));
  }
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const int result = ask(fd, generic, &size);
  if (result != 0) return absl::ErrnoToStatus(-result, what);
  return SocketAddress::FromKernel(generic, size);
}

int AskForPeer(int fd, sockaddr* address, socklen_t* size) {
  return getpeername(fd, address, size) == 0 ? 0 : -errno;
}

}  // namespace

absl::StatusOr<SocketAddress> SocketStream::local_address() const {
  auto ask = [](int fd, sockaddr* address, socklen_t* size) {
    return SocketNames::Current().GetSockName(fd, address, size);
  };
  return AskAddress(fd(), ask, "local_address()");
}

absl::StatusOr<SocketAddress> SocketStream::peer_address() const {
  // Known from the start, and the kernel forgets it when the peer resets.
  if (fd() >= 0 && socket_->name().family() != AF_UNSPEC) {
    return socket_->name();
  }
  return AskAddress(fd(), &AskForPeer, "peer_address()");
}

absl::StatusOr<TcpStream> TcpStream::FromDescriptor(int fd) {
  const absl::StatusOr<SocketAddress> name = internal::PrepareToAdopt(
      fd, internal::SocketKind::kTcpStream, "TcpStream::FromDescriptor");
  if (!name.ok()) return name.status();
  return TcpStream(internal::StreamSocketRef::Make(fd, *name));
}

void TcpStream::Abort() {
  if (fd() < 0) return;
  // Of a socket that has an end to close, this cannot fail.
  SocketNames::Current().ResetOnClose(fd());
  Close();
}

absl::Status TcpStream::SetNoDelay(bool no_delay) {
  if (fd() < 0) return ClosedResourceError("SetNoDelay() of a closed stream");
  const int value = no_delay ? 1 : 0;
  if (setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)) != 0) {
    return internal::SystemError(errno, "SetNoDelay()");
  }
  return absl::OkStatus();
}

}  // namespace creche
