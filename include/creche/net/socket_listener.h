// SPDX-License-Identifier: Apache-2.0
//
// SocketListener: what TcpListener and UnixListener have in common: waiting for
// connections.
//
//   creche::TcpStream stream = co_await creche::Try(listener.Accept());

#ifndef CRECHE_NET_SOCKET_LISTENER_H_
#define CRECHE_NET_SOCKET_LISTENER_H_

#include <utility>

#include "creche/net/internal/accept_operation.h"
#include "creche/net/internal/listen_socket.h"
#include "creche/net/socket_address.h"

namespace creche {

// Destroying a listener closes it.
template <typename Stream>
class SocketListener {
 public:
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;

  // Waits for a connection. What goes wrong with one that is not there yet is
  // not reported. One task at a time.
  //
  // Where the kernel can (UringFeatures::multishot_accept), it accepts the
  // other connections of the backlog, too, and those that come next, until 64
  // wait here for a call. Those have descriptors, and are closed with the
  // listener.
  // Cancellation: safe. The connection waits for the next call.
  // Errors: kResourceExhausted: no descriptors or memory; it is worth a retry,
  //   a little later. IsClosedResource, IsBusyResource.
  internal::AcceptStreamOperation<Stream> Accept() {
    return internal::AcceptStreamOperation<Stream>(socket_, /*ahead=*/true);
  }

  // The same, but no other connection is accepted: for programs that must not
  // have more of them than they can serve. Takes first what an Accept() has
  // left.
  // Cancellation: safe. The connection waits for the next call.
  // Errors: same as Accept().
  internal::AcceptStreamOperation<Stream> AcceptOne() {
    return internal::AcceptStreamOperation<Stream>(socket_, /*ahead=*/false);
  }

  // Where it listens; no address if it was moved from.
  SocketAddress local_address() const {
    return socket_ ? socket_->name() : SocketAddress();
  }
  // For options that creche does not know. -1 if closed.
  int fd() const { return socket_ ? socket_->fd() : -1; }

  // Gives the descriptor away, to another run, say (FromDescriptor()), and is
  // closed afterwards; -1 if it was closed. It goes on listening. Aborts if a
  // task waits for a connection, or if Accept() may have accepted ahead: a
  // listener that is to move is for AcceptOne().
  int Release() { return socket_ ? socket_->Release() : -1; }

  // A task that waits for a connection gets an error (IsClosedResource).
  // Connections that nobody has asked for are closed, too. From now on nobody
  // can connect, and the address is free, unless there are other descriptors of
  // the listener (dup(), fork()): those go on listening.
  void Close() {
    if (socket_) socket_->Close();
  }

 protected:
  explicit SocketListener(internal::ListenSocketRef socket)
      : socket_(std::move(socket)) {}
  SocketListener(SocketListener&& other) noexcept = default;
  SocketListener& operator=(SocketListener&& other) noexcept {
    if (this != &other) {
      Close();
      socket_ = std::move(other.socket_);
    }
    return *this;
  }
  ~SocketListener() { Close(); }

  internal::ListenSocketRef socket_;
};

}  // namespace creche

#endif  // CRECHE_NET_SOCKET_LISTENER_H_
