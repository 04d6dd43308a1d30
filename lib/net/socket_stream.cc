// SPDX-License-Identifier: Apache-2.0

#include "creche/net/socket_stream.h"

#include <sys/socket.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/errors.h"
#include "creche/uring/socket_names.h"

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

}  // namespace creche
