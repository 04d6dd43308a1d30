// SPDX-License-Identifier: Apache-2.0
//
// SocketStream: what TcpStream and UnixStream have in common: bytes in both
// directions.
//
//   char buffer[4096];
//   size_t size = co_await creche::Try(stream.ReceiveSome(buffer));
//   co_await creche::Try(stream.SendAll({buffer, size}));

#ifndef CRECHE_NET_SOCKET_STREAM_H_
#define CRECHE_NET_SOCKET_STREAM_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/receive_block_operation.h"
#include "creche/net/internal/receive_operation.h"
#include "creche/net/internal/send_operation.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/net/socket_address.h"

namespace creche {

// One task can receive while another sends. A second task in the same direction
// gets an error (IsBusyResource) at once, and does not disturb the first.
//
// Moving a stream, or destroying it, while tasks use it is safe: destroying it
// is closing it.
//
// Errors of all operations: IsClosedResource: this side has closed the stream,
//   before or meanwhile. IsBusyResource: see above. IsBrokenResource: the
//   connection is broken, and stays so; the message says how. (What came before
//   that is still received, once.) Others: as errno says.
class SocketStream {
 public:
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  // Waits for bytes and gives how many there are in `buffer`: at least one, or
  // 0 if the peer will send no more. `buffer` must not be empty.
  // Cancellation: safe. The bytes stay in the stream.
  internal::ReceiveSomeOperation ReceiveSome(absl::Span<char> buffer) {
    return internal::ReceiveSomeOperation(socket_, buffer);
  }

  // Fills `buffer`.
  // Errors: IsEndOfStream: the peer sends no more; what has come is in `buffer`
  //   and the message says how much that is. After others, what has come comes
  //   again in the next call.
  // Cancellation: safe. Likewise.
  internal::ReceiveExactlyOperation ReceiveExactly(absl::Span<char> buffer) {
    return internal::ReceiveExactlyOperation(socket_, buffer);
  }

  // Waits for bytes and gives them in memory that is lent (empty: the peer will
  // send no more). For servers with many connections that are mostly idle: one
  // that waits here holds no memory, and needs one request to the kernel for
  // all that it will ever receive. Up to a few blocks are received ahead, until
  // the stream is closed or received from in another way; a stream that goes to
  // another run must not have used this. Where the kernel cannot do this
  // (UringFeatures::multishot_receive), on streams with longer messages, and on
  // Unix-domain streams (whose bytes may come with descriptors), this receives
  // once for each call, into larger blocks.
  // Cancellation: safe. The bytes stay in the stream.
  internal::ReceiveBlockOperation Receive() {
    return internal::ReceiveBlockOperation(socket_);
  }

  // Sends all of `data`, which must live as long as the call.
  // Cancellation: partial. If it was not the whole or nothing that had been
  //   sent, the stream is unusable for sending: further calls fail
  //   (IsBrokenResource). Receiving goes on.
  internal::SendOperation SendAll(absl::string_view data) {
    return internal::SendOperation(socket_, data);
  }

  // Sends what of `data` goes without waiting, from its beginning, and gives
  // how much that is: 0 if nothing, if another task is sending, or if the
  // stream is closed, ended or broken. The rest is the caller's to send. Not a
  // cancel point; it can be called where nothing can be awaited.
  size_t TrySend(absl::string_view data) {
    return socket_ ? socket_->TrySend(data) : 0;
  }

  // Tells the peer that no more will be sent; its receives give 0 after what
  // was sent before. Further sends fail (IsClosedResource). A second call does
  // nothing.
  // Errors: IsBrokenResource: also after a SendAll() that was cut short, whose
  //   rest the peer would believe it has.
  // Cancellation: safe. Never waits.
  internal::SendEofOperation SendEof() {
    return internal::SendEofOperation(socket_);
  }

  // Tasks that wait on this stream get an error (IsClosedResource). A second
  // call does nothing. The peer sees an end, as if by SendEof(), at once,
  // unless there are other descriptors of the connection (dup(), fork()): those
  // go on.
  //
  // The peer sees that end even if a SendAll() was cut short. Where it could
  // take what it has got for the whole, use TcpStream::Abort().
  void Close() {
    if (socket_) socket_->Close();
  }

  // Gives the descriptor away, to another run, say (FromDescriptor()), and is
  // closed afterwards; -1 if it was closed. The stream must be idle: aborts if
  // an operation is under way, or if the library holds anything that has been
  // received, as it may after Receive().
  int Release() { return socket_ ? socket_->Release() : -1; }

  // For options that creche does not know. -1 if closed. It remains the
  // stream's: do not close it or put it into non-blocking mode.
  int fd() const { return socket_ ? socket_->fd() : -1; }

  // As HasName (io/byte_stream.h) says: the peer's address, or the descriptor's
  // number.
  std::string name() const { return socket_ ? socket_->Label() : ""; }

  // As the kernel knows them.
  // Errors: IsClosedResource; or as errno says.
  absl::StatusOr<SocketAddress> local_address() const;
  absl::StatusOr<SocketAddress> peer_address() const;

 protected:
  explicit SocketStream(internal::StreamSocketRef socket)
      : socket_(std::move(socket)) {}
  SocketStream(SocketStream&& other) noexcept = default;
  SocketStream& operator=(SocketStream&& other) noexcept {
    if (this != &other) {
      Close();
      socket_ = std::move(other.socket_);
    }
    return *this;
  }
  ~SocketStream() { Close(); }

  internal::StreamSocketRef socket_;
};

}  // namespace creche

#endif  // CRECHE_NET_SOCKET_STREAM_H_
