// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/receive_block_operation.h"

#include <liburing.h>

#include <algorithm>
#include <memory>

#include "lib/net/multishot_receive.h"

namespace creche::internal {

MultishotReceive& ReceiveBlockOperation::multishot() const {
  if (socket_->multishot_ == nullptr) {
    socket_->multishot_ =
        std::make_unique<MultishotReceive>(*socket_.operator->());
  }
  return static_cast<MultishotReceive&>(*socket_->multishot_);
}

bool ReceiveBlockOperation::TryWithoutKernel() {
  if (!socket_->unread_.empty()) {
    block_ = ReceivedBlock::Allocate();
    block_.size_ = TakeUnread({block_.memory_, ReceivedBlock::kOwnSize});
    return true;
  }
  if (multishot().has_blocks()) {
    block_ = multishot().TakeBlock();
    return true;
  }
  if (FailsToReceive()) return true;
  if (multishot().is_at_end()) {
    FailsAtEnd();
    return true;
  }
  return false;
}

bool ReceiveBlockOperation::AwaitsMultishot() {
  return multishot().is_armed() ||
         (!socket_->carries_descriptors_ && multishot().Start());
}

// Without a block, as much as that is worth: where larger ones are needed, it
// will not be long.
bool ReceiveBlockOperation::WaitsFirst() const {
  return !multishot().is_bulky();
}

void ReceiveBlockOperation::PrepareToReceive(io_uring_sqe& entry) {
  if (block_.memory_ == nullptr) block_ = ReceivedBlock::Allocate();
  PrepareReceive(entry, block_.memory_, ReceivedBlock::kOwnSize);
}

bool ReceiveBlockOperation::Received(size_t size) {
  block_.size_ = size;
  multishot().ReceivedWithout(size);
  return false;
}

}  // namespace creche::internal
