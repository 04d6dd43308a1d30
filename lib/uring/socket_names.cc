// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/socket_names.h"

#include <sys/socket.h>

#include <cerrno>

namespace creche {
namespace {

class SystemNames final : public SocketNames {};

}  // namespace

int SocketNames::Bind(int fd, const sockaddr* address, socklen_t size) {
  return bind(fd, address, size) == 0 ? 0 : -errno;
}

int SocketNames::Listen(int fd, int backlog) {
  return listen(fd, backlog) == 0 ? 0 : -errno;
}

int SocketNames::GetSockName(int fd, sockaddr* address, socklen_t* size) {
  return getsockname(fd, address, size) == 0 ? 0 : -errno;
}

int SocketNames::ResetOnClose(int fd) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0
             ? 0
             : -errno;
}

SocketNames& SocketNames::System() {
  static SystemNames names;
  return names;
}

}  // namespace creche
