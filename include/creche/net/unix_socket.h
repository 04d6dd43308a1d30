// SPDX-License-Identifier: Apache-2.0
//
// UnixStream, UnixListener: connections within one machine, which can carry
// descriptors.
//
//   creche::UnixListener listener =
//       *creche::ListenUnix(*creche::SocketAddress::Unix("/run/x.socket"));
//   creche::UnixStream stream = co_await creche::Try(listener.Accept());

#ifndef CRECHE_NET_UNIX_SOCKET_H_
#define CRECHE_NET_UNIX_SOCKET_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/net/internal/forward.h"
#include "creche/net/internal/listen_socket.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/net/socket_address.h"
#include "creche/net/socket_listener.h"
#include "creche/net/socket_stream.h"
#include "creche/uring/file_descriptor.h"

namespace creche {

// How many descriptors one message can carry.
inline constexpr size_t kMaxDescriptors = 253;

// What ReceiveDescriptors() has received.
struct ReceivedDescriptors {
  // How many bytes there are, as ReceiveSome() gives it.
  size_t size = 0;
  // Those that came with them.
  std::vector<FileDescriptor> descriptors;
};

class UnixStream : public SocketStream {
 public:
  explicit UnixStream(internal::StreamSocketRef socket)
      : SocketStream(std::move(socket)) {
    if (socket_) socket_->set_carries_descriptors();
  }

  // Takes over a connected Unix-domain stream socket, and puts it into blocking
  // mode, for all duplicates of the descriptor.
  // Errors: kInvalidArgument: it is none; it remains the caller's.
  static absl::StatusOr<UnixStream> FromDescriptor(int fd);

  // Both ends of a connection.
  static absl::StatusOr<std::pair<UnixStream, UnixStream>> Pair();

  // SendAll(), with descriptors that come with the first byte; the peer gets
  // copies of them. `data` must not be empty, and both arguments live as long
  // as the call.
  // Cancellation: partial, as SendAll(). The descriptors have gone if anything
  //   has.
  // Errors: kInvalidArgument: no data, or more than kMaxDescriptors.
  internal::SendDescriptorsOperation SendDescriptors(
      absl::string_view data, absl::Span<const int> descriptors);

  // ReceiveSome(), with the descriptors that come with the bytes. (The other
  // functions drop those that come with the bytes they take; that is all they
  // take: Receive() receives nothing ahead here. A ReceiveExactly() that was
  // cancelled may have taken a part, which is received again without.)
  // Cancellation: safe. Both stay in the stream.
  // Errors: kResourceExhausted: no room for the descriptors; they are lost. The
  //   bytes come again in the next call.
  internal::ReceiveDescriptorsOperation ReceiveDescriptors(
      absl::Span<char> buffer);
};

// What it does is in net/socket_listener.h. Does not delete its path.
class UnixListener : public SocketListener<UnixStream> {
 public:
  explicit UnixListener(internal::ListenSocketRef socket)
      : SocketListener(std::move(socket)) {}

  // As UnixStream::FromDescriptor(), for one that listens.
  // Errors: kInvalidArgument: it is none; it remains the caller's.
  static absl::StatusOr<UnixListener> FromDescriptor(int fd);
};

// Not a checkpoint.
// Errors: kInvalidArgument: not a Unix-domain address. kFailedPrecondition: the
//   path exists (unlink() it if you know that nobody listens there). Others: as
//   errno says.
absl::StatusOr<UnixListener> ListenUnix(const SocketAddress& address,
                                        int backlog = 65535);

// Cancellation: safe. No socket is left.
// Errors: kUnavailable: nobody listens there. kNotFound: no such path.
Task<absl::StatusOr<UnixStream>> ConnectUnix(SocketAddress address);

}  // namespace creche

#include "creche/net/internal/unix_socket_inl.h"

#endif  // CRECHE_NET_UNIX_SOCKET_H_
