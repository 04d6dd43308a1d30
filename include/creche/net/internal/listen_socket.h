// SPDX-License-Identifier: Apache-2.0
//
// ListenSocket: a socket that connections come to. Programs use TcpListener and
// UnixListener.

#ifndef CRECHE_NET_INTERNAL_LISTEN_SOCKET_H_
#define CRECHE_NET_INTERNAL_LISTEN_SOCKET_H_

#include <memory>

#include "creche/net/internal/forward.h"
#include "creche/net/internal/socket.h"
#include "creche/net/socket_address.h"

namespace creche::internal {

class ListenSocket final : public Socket {
 public:
  ListenSocket(int fd, const SocketAddress& name);
  ~ListenSocket() override;

  // For operations. Made by the first call.
  MultishotAccept& multishot_accept();
  // Null before that.
  Multishot* multishot() const override;

 private:
  std::unique_ptr<MultishotAccept> multishot_;
};

using ListenSocketRef = DescriptorRef<ListenSocket>;

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_LISTEN_SOCKET_H_
