// SPDX-License-Identifier: Apache-2.0
//
// StreamReceive: whether a receive waits for something to come before it has a
// buffer.

#ifndef CRECHE_NET_INTERNAL_STREAM_RECEIVE_H_
#define CRECHE_NET_INTERNAL_STREAM_RECEIVE_H_

#include <cstdint>

#include "absl/types/span.h"
#include "creche/net/internal/stream_socket.h"

struct io_uring_sqe;

namespace creche::internal {

// The part of an operation that receives from a stream. On one that carries
// much, the task that waits receives in its own step, when it hears that there
// is something: so it finds the bytes in the cache. (In a batch, the kernel
// would have received for all others before the task has its turn.)
class StreamReceive {
 public:
  // Returns true if it is better to wait first: then fills `entry`. On a stream
  // that is not bulk, `waits_first` says so.
  bool PrepareWait(const StreamSocket& socket, bool waits_first,
                   io_uring_sqe& entry);
  // Fills `entry`. The kernel waits first if there is nothing to be had at
  // once.
  void Prepare(const StreamSocket& socket, absl::Span<char> buffer,
               io_uring_sqe& entry);

  // A part has ended. Returns true if it has only waited.
  bool EndsWait(StreamSocket& socket);

  // For DescriptorOperation.
  bool IsBulk(const StreamSocket& socket) const {
    return socket.is_bulk() && !socket.is_drained();
  }
  bool DefersToTaskStep(const StreamSocket& socket) const {
    return part_ == Part::kHasWaited && IsBulk(socket);
  }

 private:
  enum class Part : std::uint8_t { kNone, kWaiting, kHasWaited, kReceiving };

  Part part_ = Part::kNone;
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_STREAM_RECEIVE_H_
