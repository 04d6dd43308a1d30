// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/block_ring.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

namespace creche::internal {
namespace {

constexpr size_t kEntriesSize = BlockRing::kBlocks * sizeof(io_uring_buf);

// Pages that nobody touches cost nothing. nullptr if there is no memory.
void* Map(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

thread_local size_t lent_on_thread = 0;

}  // namespace

size_t BlockRing::lent_on_this_thread() { return lent_on_thread; }

BlockRing* BlockRing::Open(io_uring& ring) {
  auto* entries = static_cast<io_uring_buf_ring*>(Map(kEntriesSize));
  auto* memory = static_cast<char*>(Map(MemorySize(kBlockSize)));
  io_uring_buf_reg registration = {};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries);
  registration.ring_entries = kBlocks;
  registration.bgid = kGroup;
  if (entries != nullptr && memory != nullptr &&
      io_uring_register_buf_ring(&ring, &registration, 0) == 0) {
    return new BlockRing(&ring, entries, memory, kBlockSize);
  }
  if (entries != nullptr) munmap(entries, kEntriesSize);
  if (memory != nullptr) munmap(memory, MemorySize(kBlockSize));
  return nullptr;
}

BlockRing* BlockRing::OpenWithoutRing() {
  auto* memory = static_cast<char*>(Map(MemorySize(kBlockSizeWithoutRing)));
  if (memory == nullptr) return nullptr;
  auto* blocks = new BlockRing(nullptr, nullptr, memory, kBlockSizeWithoutRing);
  // The last that was put back is taken first, so they are warm anyway.
  blocks->Provide(blocks->kept_back());
  return blocks;
}

BlockRing::BlockRing(io_uring* ring, io_uring_buf_ring* entries, char* memory,
                     size_t block_size)
    : ring_(ring), entries_(entries), memory_(memory), block_size_(block_size) {
  Provide(kFirstBlocks);
}

BlockRing::~BlockRing() {
  if (entries_ != nullptr) munmap(entries_, kEntriesSize);
  munmap(memory_, MemorySize(block_size_));
}

void BlockRing::Close() {
  is_open_ = false;
  if (ring_ != nullptr) io_uring_unregister_buf_ring(ring_, kGroup);
  if (lent_ == 0) delete this;
}

int BlockRing::Take() {
  if (free_.empty()) return -1;
  const unsigned id = free_.back();
  free_.pop_back();
  return static_cast<int>(id);
}

void BlockRing::Provide(unsigned count) {
  for (; count > 0; --count) Add(provided_++);
}

void BlockRing::Add(unsigned id) {
  if (entries_ == nullptr) return free_.push_back(id);
  io_uring_buf_ring_add(entries_, at(id), block_size_,
                        static_cast<unsigned short>(id), kBlocks - 1, 0);
  io_uring_buf_ring_advance(entries_, 1);
}

char* BlockRing::Lend(unsigned id) {
  ++lent_on_thread;
  if (++lent_ > provided_ / 2 && is_open_) {
    Provide(std::min(provided_, kept_back()));
  }
  return at(id);
}

void BlockRing::Return(unsigned id) {
  --lent_on_thread;
  --lent_;
  if (is_open_) {
    Add(id);
  } else if (lent_ == 0) {
    delete this;
  }
}

}  // namespace creche::internal
