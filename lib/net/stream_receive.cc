// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/stream_receive.h"

#include <liburing.h>
#include <poll.h>

#include "absl/types/span.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/part_size.h"

namespace creche::internal {

bool StreamReceive::PrepareWait(const StreamSocket& socket, bool waits_first,
                                io_uring_sqe& entry) {
  const bool waits = socket.is_bulk() ? socket.is_drained() : waits_first;
  if (!waits || part_ != Part::kNone) return false;
  part_ = Part::kWaiting;
  io_uring_prep_poll_add(&entry, socket.fd(), POLLIN);
  return true;
}

void StreamReceive::Prepare(const StreamSocket& socket, absl::Span<char> buffer,
                            io_uring_sqe& entry) {
  part_ = Part::kReceiving;
  io_uring_prep_recv(&entry, socket.fd(), buffer.data(),
                     PartSize(buffer.size()), 0);
  if (socket.is_drained() && OperationPort::Current().features().poll_first) {
    entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
}

// Whatever the poll says: if it does not work, receiving may.
bool StreamReceive::EndsWait(StreamSocket& socket) {
  if (part_ != Part::kWaiting) return false;
  part_ = Part::kHasWaited;
  socket.NoteReadable();
  return true;
}

}  // namespace creche::internal
