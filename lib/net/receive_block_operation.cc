// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/receive_block_operation.h"

#include <cstddef>

#include "lib/net/multishot_receive.h"

namespace creche::internal {

bool ReceiveBlockOperation::TryWithoutKernel() {
  MultishotReceive& multishot = socket_->multishot_receive();
  if (socket_->has_unread()) {
    block_ = ReceivedBlock::Allocate();
    block_.size_ =
        socket_->TakeUnread({block_.memory_, ReceivedBlock::kOwnSize});
    return true;
  }
  if (!multishot.is_empty()) {
    block_ = multishot.TakeBlock();
    return true;
  }
  if (FailsBy(socket_->TakeReceiveError())) return true;
  if (!multishot.is_at_end()) return false;
  FailsBy(socket_->error_at_end());
  return true;
}

bool ReceiveBlockOperation::AwaitsMultishot() {
  MultishotReceive& multishot = socket_->multishot_receive();
  return multishot.is_armed() ||
         (!socket_->carries_descriptors() && multishot.Start());
}

// Without a block, as much as that is worth: where larger ones are needed, it
// will not be long.
void ReceiveBlockOperation::Prepare(io_uring_sqe& entry) {
  const bool waits_first = !socket_->multishot_receive().is_bulky();
  if (receive_.PrepareWait(*socket_, waits_first, entry)) return;
  if (block_.memory_ == nullptr) block_ = ReceivedBlock::Allocate();
  receive_.Prepare(*socket_, {block_.memory_, ReceivedBlock::kOwnSize}, entry);
}

bool ReceiveBlockOperation::OnPart(int result) {
  if (receive_.EndsWait(*socket_)) return true;
  if (result < 0) return OnFailedPart(result);
  if (result == 0 && FailsBy(socket_->error_at_end())) return false;
  block_.size_ = static_cast<size_t>(result);
  socket_->NoteReceived(block_.size_, flags());
  socket_->multishot_receive().ReceivedWithout(block_.size_);
  return false;
}

}  // namespace creche::internal
