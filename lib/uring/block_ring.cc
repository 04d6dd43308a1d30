// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/block_ring.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <utility>

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
  auto* memory = static_cast<char*>(Map(kBlocks * kStride));
  io_uring_buf_reg registration = {};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries);
  registration.ring_entries = kBlocks;
  registration.bgid = kGroup;
  if (entries != nullptr && memory != nullptr &&
      io_uring_register_buf_ring(&ring, &registration, 0) == 0) {
    return new BlockRing(ring, entries, memory);
  }
  if (entries != nullptr) munmap(entries, kEntriesSize);
  if (memory != nullptr) munmap(memory, kBlocks * kStride);
  return nullptr;
}

BlockRing::BlockRing(io_uring& ring, io_uring_buf_ring* entries, char* memory)
    : ring_(&ring), entries_(entries), memory_(memory) {
  Provide(kFirstBlocks);
}

BlockRing::~BlockRing() {
  munmap(entries_, kEntriesSize);
  munmap(memory_, kBlocks * kStride);
}

void BlockRing::Close() {
  io_uring_unregister_buf_ring(std::exchange(ring_, nullptr), kGroup);
  if (lent_ == 0) delete this;
}

void BlockRing::Provide(unsigned count) {
  for (; count > 0; --count) Add(provided_++);
}

void BlockRing::Add(unsigned id) {
  io_uring_buf_ring_add(entries_, at(id), kBlockSize,
                        static_cast<unsigned short>(id), kBlocks - 1, 0);
  io_uring_buf_ring_advance(entries_, 1);
}

char* BlockRing::Lend(unsigned id) {
  ++lent_on_thread;
  if (++lent_ > provided_ / 2 && ring_ != nullptr) {
    Provide(std::min(provided_, kept_back()));
  }
  return at(id);
}

void BlockRing::Return(unsigned id) {
  --lent_on_thread;
  --lent_;
  if (ring_ != nullptr) {
    Add(id);
  } else if (lent_ == 0) {
    delete this;
  }
}

}  // namespace creche::internal
