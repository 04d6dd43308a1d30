// SPDX-License-Identifier: Apache-2.0
//
// StreamSocket: a socket that carries bytes. Programs use TcpStream and
// UnixStream.

#ifndef CRECHE_NET_INTERNAL_STREAM_SOCKET_H_
#define CRECHE_NET_INTERNAL_STREAM_SOCKET_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/forward.h"
#include "creche/net/internal/socket.h"
#include "creche/net/socket_address.h"
#include "creche/uring/internal/stream_state.h"

namespace creche::internal {

class StreamSocket final : public Socket {
 public:
  StreamSocket(int fd, const SocketAddress& name);
  ~StreamSocket() override;

  // Sends what of `data` goes at once, unless an operation is sending or
  // sending has ended or broken. Returns how much that is.
  size_t TrySend(absl::string_view data);

  // What comes may bring descriptors, which only a receive that asks for them
  // gets: so nothing is received ahead.
  void set_carries_descriptors() { carries_descriptors_ = true; }
  bool carries_descriptors() const { return carries_descriptors_; }

  // What follows is for operations.

  StreamState& state() { return state_; }

  // What was received comes first in the next call.
  void KeepUnread(absl::string_view bytes);
  bool has_unread() const { return !unread_.empty(); }
  // Moves into `buffer` what was received and not delivered. Returns how much.
  size_t TakeUnread(absl::Span<char> buffer);
  // The error that receiving has broken by, or one that was kept for the next
  // receive. 0: none.
  int TakeReceiveError();
  // Receiving has come to an end. The error that a sender was told, by which
  // the connection has broken: then that is no end. 0: none.
  int error_at_end() const { return state_.error(kSend); }

  // A receive has brought so many bytes, and `flags`.
  void NoteReceived(size_t size, unsigned flags);
  // Something may have come.
  void NoteReadable() { is_drained_ = false; }
  // The last receive has left nothing.
  bool is_drained() const { return is_drained_; }
  // The last receive brought kBulkBytes or more.
  bool is_bulk() const { return is_bulk_; }

  // Made by the first call.
  MultishotReceive& multishot_receive();
  Multishot* multishot() const override;

 private:
  void OnBroken(Direction direction, int error) override;
  bool HoldsReceived() const override;

  StreamState state_;
  bool carries_descriptors_ = false;
  bool is_drained_ = false;
  bool is_bulk_ = false;
  // Received by a ReceiveExactly() that was cancelled or has failed.
  std::string unread_;
  std::unique_ptr<MultishotReceive> multishot_;
};

using StreamSocketRef = DescriptorRef<StreamSocket>;

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_STREAM_SOCKET_H_
