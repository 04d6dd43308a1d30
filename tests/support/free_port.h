// SPDX-License-Identifier: Apache-2.0
//
// FreePort: a TCP port of 127.0.0.1 that nobody listens on.

#ifndef CRECHE_TESTS_SUPPORT_FREE_PORT_H_
#define CRECHE_TESTS_SUPPORT_FREE_PORT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace creche {

// One that the kernel has given to nobody yet.
inline std::uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, generic, size) != 0 || getsockname(fd, generic, &size) != 0) {
    std::perror("FreePort");
    std::abort();
  }
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_FREE_PORT_H_
