// SPDX-License-Identifier: Apache-2.0
//
// SocketNames: the system calls on sockets that end at once, so that they are
// no operations, but of which a network must know: those that give a socket its
// address, and the wish to end with a reset. A port that simulates a network
// has its own.

#ifndef CRECHE_URING_SOCKET_NAMES_H_
#define CRECHE_URING_SOCKET_NAMES_H_

#include <sys/socket.h>

namespace creche {

class SocketNames {
 public:
  // Each does what the system call of that name does; returns 0 or a negated
  // errno.
  virtual int Bind(int fd, const sockaddr* address, socklen_t size);
  virtual int Listen(int fd, int backlog);
  virtual int GetSockName(int fd, sockaddr* address, socklen_t* size);

  // Closing the connected socket `fd` will reset its connection (SO_LINGER with
  // zero seconds). Returns 0 or a negated errno.
  virtual int ResetOnClose(int fd);

  // The kernel's.
  static SocketNames& System();
  // What the port of this thread's run says; outside of runs, the kernel's.
  static SocketNames& Current();

 protected:
  ~SocketNames() = default;
};

}  // namespace creche

#endif  // CRECHE_URING_SOCKET_NAMES_H_
