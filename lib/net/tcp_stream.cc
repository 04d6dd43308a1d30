// SPDX-License-Identifier: Apache-2.0

#include "creche/net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/errors.h"
#include "creche/uring/socket_names.h"
#include "lib/net/adopt_socket.h"
#include "lib/uring/system_error.h"

namespace creche {

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
