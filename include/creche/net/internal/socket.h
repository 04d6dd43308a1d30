// SPDX-License-Identifier: Apache-2.0
//
// Socket: what the sockets of net/ have in common. Programs use TcpStream,
// TcpListener and the others.

#ifndef CRECHE_NET_INTERNAL_SOCKET_H_
#define CRECHE_NET_INTERNAL_SOCKET_H_

#include <string>

#include "creche/net/socket_address.h"
#include "creche/uring/internal/shared_descriptor.h"

namespace creche::internal {

class Socket : public SharedDescriptor {
 public:
  Socket(int fd, const SocketAddress& name)
      : SharedDescriptor(fd), name_(name) {}

  // The peer, or for a listener itself: what errors are about.
  const SocketAddress& name() const { return name_; }
  std::string Label() const override;

 private:
  const SocketAddress name_;
};

using SocketRef = DescriptorRef<Socket>;

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_SOCKET_H_
