// SPDX-License-Identifier: Apache-2.0
//
// UdpSocket: datagrams.
//
//   creche::UdpSocket socket =
//       *creche::BindUdp(*creche::SocketAddress::Parse("127.0.0.1", 0));
//   char buffer[2048];
//   creche::ReceivedDatagram packet =
//       co_await creche::Try(socket.ReceiveFrom(buffer));
//   co_await creche::Try(socket.SendTo({buffer, packet.size}, packet.from));

#ifndef CRECHE_NET_UDP_SOCKET_H_
#define CRECHE_NET_UDP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/datagram_operations.h"
#include "creche/net/internal/socket.h"
#include "creche/net/socket_address.h"

namespace creche {

// What ReceiveFrom() has put into the buffer.
struct ReceivedDatagram {
  size_t size = 0;     // In bytes.
  SocketAddress from;  // Who sent it.
};

// One task can receive while another sends; destroying the socket closes it; as
// net/socket_stream.h has it.
class UdpSocket {
 public:
  explicit UdpSocket(internal::SocketRef socket) : socket_(std::move(socket)) {}
  UdpSocket(UdpSocket&& other) noexcept = default;
  UdpSocket& operator=(UdpSocket&& other) noexcept {
    if (this != &other) {
      Close();
      socket_ = std::move(other.socket_);
    }
    return *this;
  }
  ~UdpSocket() { Close(); }

  // Takes over a UDP socket, bound or not, and puts it into blocking mode, for
  // all duplicates of the descriptor.
  // Errors: kInvalidArgument: it is none; it remains the caller's.
  static absl::StatusOr<UdpSocket> FromDescriptor(int fd);

  // Waits for a datagram. It can be empty.
  // Cancellation: safe. The datagram waits for the next call.
  // Errors: kOutOfRange: it did not fit into `buffer`; it is lost.
  //   kUnavailable: of a socket that was connected by its descriptor: a
  //   datagram that was sent has not arrived (ICMP). The socket is not broken.
  internal::ReceiveFromOperation ReceiveFrom(absl::Span<char> buffer) {
    return internal::ReceiveFromOperation(socket_, buffer);
  }

  // Sends `data`, which must live as long as the call, as one datagram.
  // Cancellation: safe.
  // Errors: kInvalidArgument: too large (65,507 bytes fit, over IPv4). That it
  //   has arrived is never known.
  internal::SendToOperation SendTo(absl::string_view data,
                                   const SocketAddress& to) {
    return internal::SendToOperation(socket_, data, to);
  }

  // Gives the descriptor away, to another run, say (FromDescriptor()), and is
  // closed afterwards; -1 if it was closed. Aborts if an operation is under
  // way.
  int Release() { return socket_ ? socket_->Release() : -1; }

  // Same as TcpListener (net/tcp_listener.h).
  std::uint16_t port() const { return socket_ ? socket_->name().port() : 0; }
  SocketAddress local_address() const {
    return socket_ ? socket_->name() : SocketAddress();
  }
  int fd() const { return socket_ ? socket_->fd() : -1; }
  void Close() {
    if (socket_) socket_->Close();
  }

 private:
  internal::SocketRef socket_;
};

// A socket at an address of this machine. Port 0: the system picks one.
// Errors: same as ListenTcp() (net/tcp_listener.h).
absl::StatusOr<UdpSocket> BindUdp(const SocketAddress& address);

}  // namespace creche

#endif  // CRECHE_NET_UDP_SOCKET_H_
