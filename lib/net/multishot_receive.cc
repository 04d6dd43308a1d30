// SPDX-License-Identifier: Apache-2.0

#include "lib/net/multishot_receive.h"

#include <liburing.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "creche/uring/operation_port.h"
#include "lib/uring/block_ring.h"

namespace creche::internal {
namespace {

// How many blocks may wait here for somebody to ask. More wait in the kernel,
// and hold back the peer.
constexpr size_t kMaxBlocksWaiting = 4;

}  // namespace

bool MultishotReceive::Start() {
  if (std::exchange(has_run_out_, false) || is_bulky() || is_refused_) {
    return false;
  }
  OperationPort& port = OperationPort::Current();
  if (!port.features().multishot_receive) return false;
  ring_ = port.blocks();
  if (ring_ == nullptr || ring_->is_short()) return false;
  io_uring_sqe entry = {};
  io_uring_prep_recv_multishot(&entry, descriptor_.fd(), nullptr, 0, 0);
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = BlockRing::kGroup;
  Arm(entry);
  return true;
}

ReceivedBlock MultishotReceive::TakeBlock() {
  ReceivedBlock block = std::move(blocks_.front());
  blocks_.erase(blocks_.begin());
  return block;
}

size_t MultishotReceive::TakeBytes(absl::Span<char> buffer) {
  size_t taken = 0;
  while (taken < buffer.size() && !is_empty()) {
    ReceivedBlock& block = blocks_.front();
    const size_t size = std::min(buffer.size() - taken, block.size());
    std::copy_n(block.data(), size, buffer.data() + taken);
    taken += size;
    block.RemovePrefix(size);
    if (block.empty()) TakeBlock();
  }
  return taken;
}

void MultishotReceive::ReceivedWithout(size_t size) {
  if (size > BlockRing::kBlockSize) {
    few_in_a_row_ = 0;
  } else if (is_bulky()) {
    ++few_in_a_row_;
  }
}

bool MultishotReceive::Keep(int result, unsigned flags) {
  if ((flags & IORING_CQE_F_BUFFER) != 0) {
    ReceivedBlock block(*ring_, flags >> IORING_CQE_BUFFER_SHIFT,
                        static_cast<size_t>(std::max(result, 0)));
    if (ring_->is_too_small_for(block.size())) {
      few_in_a_row_ = 0;
      Disarm();
    }
    if (result > 0 && !descriptor_.is_closed()) {
      blocks_.push_back(std::move(block));
    }
  }
  switch (result) {
    case 0:
      is_at_end_ = true;
      break;
    case -ENOBUFS:
      has_run_out_ = true;
      ring_->RanOut();
      break;
    case -EINVAL:
      is_refused_ = true;
      break;
    case -ECANCELED:
    case -EINTR:
      break;
    default:
      if (result < 0) error_ = -result;
  }
  return blocks_.size() >= kMaxBlocksWaiting;
}

}  // namespace creche::internal
