// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/listen_socket.h"

#include <memory>

#include "lib/net/multishot_accept.h"

namespace creche::internal {

ListenSocket::ListenSocket(int fd, const SocketAddress& name)
    : Socket(fd, name) {}

ListenSocket::~ListenSocket() = default;

MultishotAccept& ListenSocket::multishot_accept() {
  if (multishot_ == nullptr) {
    multishot_ = std::make_unique<MultishotAccept>(*this);
  }
  return *multishot_;
}

Multishot* ListenSocket::multishot() const { return multishot_.get(); }

}  // namespace creche::internal
