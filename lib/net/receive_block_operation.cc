// SPDX-License-Identifier: Apache-2.0

#include "creche/net/receive_block_operation.h"

#include <liburing.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
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

bool ReceiveBlockOperation::CompletesAtOnce() {
  if (!socket_->unread_.empty()) {
    block_ = ReceivedBlock::Allocate();
    block_.size_ = TakeUnread({block_.memory_, ReceivedBlock::kOwnSize});
    return true;
  }
  if (multishot().has_blocks()) {
    block_ = multishot().TakeBlock();
    return true;
  }
  const int error = TakeReceiveError();
  if (error != 0) status_ = Error(error);
  return error != 0 || multishot().is_at_end();
}

bool ReceiveBlockOperation::AwaitsMultishot() {
  return multishot().is_armed() || multishot().Start();
}

// To wait without a block, as much as that is worth: where much comes, it will
// not be long.
void ReceiveBlockOperation::Prepare(io_uring_sqe& entry) {
  if (!has_polled_ && !multishot().is_bulky()) {
    io_uring_prep_poll_add(&entry, socket_->fd(), POLLIN);
    return;
  }
  is_receiving_ = true;
  if (block_.memory_ == nullptr) block_ = ReceivedBlock::Allocate();
  PrepareReceive(entry, block_.memory_, ReceivedBlock::kOwnSize);
}

bool ReceiveBlockOperation::OnPart(int result) {
  if (!is_receiving_) {
    // Whatever the poll says: if it does not work, receiving may.
    has_polled_ = true;
    socket_->is_drained_ = false;
    return true;
  }
  if (result == -EINTR) return true;
  if (result < 0) {
    status_ = Error(-result);
    return false;
  }
  socket_->is_drained_ = (flags() & IORING_CQE_F_SOCK_NONEMPTY) == 0;
  block_.size_ = static_cast<size_t>(result);
  multishot().ReceivedWithout(block_.size_);
  return false;
}

}  // namespace creche::internal
