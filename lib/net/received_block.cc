// SPDX-License-Identifier: Apache-2.0

#include "creche/net/received_block.h"

#include <cstddef>

#include "lib/uring/block_ring.h"

namespace creche {
namespace {

// Memory of blocks that were allocated and are not in use: a stream that
// carries much needs one after the other. It is freed at the thread's end, and
// a block that is given back after that finds no room here, so it has no
// destructor of its own.
struct Spare {
  static constexpr size_t kMost = 16;
  char* memory[kMost];
  size_t count;
  size_t room;
};

constinit thread_local Spare spare = {};

struct SpareOwner {
  SpareOwner() { spare.room = Spare::kMost; }
  ~SpareOwner() {
    spare.room = 0;
    while (spare.count > 0) delete[] spare.memory[--spare.count];
  }
};

}  // namespace

ReceivedBlock::ReceivedBlock(internal::BlockRing& ring, unsigned id,
                             size_t size)
    : memory_(ring.Lend(id)), size_(size), ring_(&ring), id_(id) {}

ReceivedBlock ReceivedBlock::Allocate() {
  // Made with the thread's first block, so that it is executed at its end.
  static thread_local const SpareOwner owner;
  static_cast<void>(owner);
  ReceivedBlock block;
  block.memory_ =
      spare.count > 0 ? spare.memory[--spare.count] : new char[kOwnSize];
  return block;
}

void ReceivedBlock::GiveBack() {
  if (ring_ != nullptr) return ring_->Return(id_);
  if (spare.count < spare.room) {
    spare.memory[spare.count++] = memory_;
  } else {
    delete[] memory_;
  }
}

}  // namespace creche
