// SPDX-License-Identifier: Apache-2.0

#include "creche/net/received_block.h"

#include <memory>
#include <utility>
#include <vector>

#include "lib/uring/block_ring.h"

namespace creche {
namespace {

// Blocks that were allocated and are not in use: a stream that carries much
// needs one after the other.
constexpr size_t kMaxSpare = 16;

std::vector<std::unique_ptr<char[]>>& Spare() {
  thread_local std::vector<std::unique_ptr<char[]>> spare;
  return spare;
}

}  // namespace

ReceivedBlock::ReceivedBlock(internal::BlockRing& ring, unsigned id,
                             size_t size)
    : memory_(ring.Lend(id)), size_(size), ring_(&ring), id_(id) {}

ReceivedBlock ReceivedBlock::Allocate() {
  ReceivedBlock block;
  if (Spare().empty()) {
    block.memory_ = new char[kOwnSize];
  } else {
    block.memory_ = Spare().back().release();
    Spare().pop_back();
  }
  return block;
}

void ReceivedBlock::GiveBack() {
  if (ring_ != nullptr) return ring_->Return(id_);
  std::unique_ptr<char[]> memory(memory_);
  if (Spare().size() < kMaxSpare) Spare().push_back(std::move(memory));
}

}  // namespace creche
