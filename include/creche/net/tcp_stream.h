// SPDX-License-Identifier: Apache-2.0
//
// TcpStream: a TCP connection.
//
//   creche::TcpStream stream =
//       co_await creche::Try(creche::ConnectTcp("127.0.0.1", 7));
//   co_await creche::Try(stream.SendAll("hello"));
//
// What it does is in net/socket_stream.h; it comes from ConnectTcp()
// (net/connect_tcp.h) or from a TcpListener (net/tcp_listener.h).

#ifndef CRECHE_NET_TCP_STREAM_H_
#define CRECHE_NET_TCP_STREAM_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/net/socket_stream.h"

namespace creche {

class TcpStream : public SocketStream {
 public:
  explicit TcpStream(internal::StreamSocketRef socket)
      : SocketStream(std::move(socket)) {}

  // Takes over a connected TCP socket, and sets it up as ConnectTcp() would
  // (TCP_NODELAY, blocking mode), for all duplicates of the descriptor.
  // Errors: kInvalidArgument: it is none; it remains the caller's.
  static absl::StatusOr<TcpStream> FromDescriptor(int fd);

  // Close(), with a reset: the peer cannot take it for an end. What it has not
  // received is lost, and its operations fail (IsBrokenResource). For a
  // connection that ends in the middle of something. A stream that is closed
  // already stays as it is; where others have duplicates of the descriptor
  // (dup(), fork()), the last of them to close it resets.
  void Abort();

  // Whether small messages are sent at once (TCP_NODELAY). On by default.
  // Errors: IsClosedResource.
  absl::Status SetNoDelay(bool no_delay);
};

}  // namespace creche

#endif  // CRECHE_NET_TCP_STREAM_H_
