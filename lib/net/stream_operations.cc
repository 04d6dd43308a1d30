// SPDX-License-Identifier: Apache-2.0
//
// The operations of streams on sockets: receiving, sending, ending.

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/errors.h"
#include "creche/net/internal/socket.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/part_size.h"

namespace creche::internal {

void StreamReceiveOperation::Prepare(io_uring_sqe& entry) {
  const bool waits =
      socket_->carries_much_ ? socket_->is_drained_ : WaitsFirst();
  if (waits && part_ == Part::kNone) {
    part_ = Part::kWaiting;
    io_uring_prep_poll_add(&entry, socket_->fd(), POLLIN);
  } else {
    part_ = Part::kReceiving;
    PrepareToReceive(entry);
  }
}

bool StreamReceiveOperation::OnPart(int result) {
  if (part_ == Part::kWaiting) {
    // Whatever the poll says: if it does not work, receiving may.
    part_ = Part::kHasWaited;
    socket_->is_drained_ = false;
    return true;
  }
  if (result == -EINTR) return true;
  if (result < 0) Fail(-result);
  if (result < 0 || (result == 0 && FailsAtEnd())) {
    OnCutShort();
    return false;
  }
  const auto size = static_cast<size_t>(result);
  socket_->is_drained_ = (flags() & IORING_CQE_F_SOCK_NONEMPTY) == 0;
  socket_->carries_much_ = size >= kBulkBytes;
  return Received(size);
}

bool StreamReceiveOperation::MovesMuch() const {
  return socket_->carries_much_ && !socket_->is_drained_;
}

bool StreamReceiveOperation::DefersToTaskStep() {
  if (part_ != Part::kHasWaited || !MovesMuch()) return false;
  awaits_its_turn_ = true;
  WakeToCheck();
  return true;
}

bool StreamReceiveOperation::MayResume() {
  awaits_its_turn_ = false;
  if (task().UnwindsIfCancelled(task().leaf())) {
    OnCutShort();
    Finish();
    return false;
  }
  if (socket_->is_closed()) {
    OnCutShort();
    status_ = ClosedResourceError(Describe("it was closed meanwhile"));
    Finish();
    return true;
  }
  if (TransferInStep()) return true;
  WaitUnderWay(task().leaf());
  return false;
}

bool ReceiveOperation::TryWithoutKernel() {
  if (buffer_.empty()) {
    if (!exactly_) {
      status_ = absl::InvalidArgumentError(
          Describe("the buffer is empty, so no end of stream could be told "
                   "from success"));
    }
    return true;
  }
  received_ += TakeUnread(buffer_.subspan(received_));
  if (received_ == buffer_.size() || (received_ > 0 && !exactly_)) return true;
  if (!FailsToReceive()) return false;
  OnCutShort();
  return true;
}

void ReceiveOperation::PrepareToReceive(io_uring_sqe& entry) {
  PrepareReceive(entry, buffer_.data() + received_, buffer_.size() - received_);
}

bool ReceiveOperation::Received(size_t size) {
  received_ += size;
  if (!exactly_ || received_ == buffer_.size()) return false;
  if (size > 0) return true;
  status_ = EndOfStreamError(Describe(absl::StrCat(
      "the stream ended after ", received_, " of ", buffer_.size(), " bytes")));
  return false;
}

// Nothing is lost: the next call gets it.
void ReceiveOperation::OnCutShort() { KeepUnread({buffer_.data(), received_}); }

bool SendOperation::TryWithoutKernel() {
  status_ = CheckSend();
  return !status_.ok() || data_.empty();
}

void SendOperation::Prepare(io_uring_sqe& entry) {
  // What a send says must tell how much has gone. With MSG_WAITALL that is so
  // only where the kernel knows how to go on after a part.
  const bool all = OperationPort::Current().features().send_all;
  io_uring_prep_send(&entry, socket_->fd(), data_.data() + sent_,
                     PartSize(data_.size() - sent_),
                     MSG_NOSIGNAL | (all ? MSG_WAITALL : 0));
}

bool SendOperation::OnPart(int result) {
  if (result == -EINTR) return true;
  if (result < 0) {
    Fail(-result);
    OnCutShort();
    return false;
  }
  sent_ += static_cast<size_t>(result);
  return sent_ < data_.size();
}

bool SendOperation::MovesMuch() const { return unsent().size() >= kBulkBytes; }

void SendOperation::OnCutShort() {
  if (sent_ > 0) BreakSending();
}

bool SendEofOperation::TryWithoutKernel() {
  if (socket_->sent_eof_) return true;
  status_ = CheckSend();
  if (!status_.ok()) return true;
  if (shutdown(socket_->fd(), SHUT_WR) != 0) {
    Fail(errno);
  } else {
    socket_->sent_eof_ = true;
  }
  return true;
}

}  // namespace creche::internal
