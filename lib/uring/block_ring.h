// SPDX-License-Identifier: Apache-2.0
//
// BlockRing: memory that the kernel takes a block of when it has something to
// put there (a ring of provided buffers). So a thousand connections that are
// idle need no memory to receive into. Where there is no io_uring, the port
// takes the blocks, in the place of the kernel.

#ifndef CRECHE_LIB_URING_BLOCK_RING_H_
#define CRECHE_LIB_URING_BLOCK_RING_H_

#include <liburing.h>

#include <cstddef>
#include <vector>

namespace creche::internal {

// Belongs to a port, and beyond that to the blocks that are lent when the port
// closes; all on one thread.
class BlockRing {
 public:
  static constexpr size_t kBlockSize = 8192;
  static constexpr size_t kBlockSizeWithoutRing = 65536;
  static constexpr unsigned kBlocks = 1024;
  // The number that entries know it by (buf_group).
  static constexpr unsigned short kGroup = 0;

  // nullptr if the kernel does not have it, or has no memory for it.
  static BlockRing* Open(io_uring& ring);
  // For a port without a ring. Its blocks are larger: one system call is to
  // bring as much as there is. nullptr if there is no memory.
  static BlockRing* OpenWithoutRing();
  // Before the ring closes, and after its last operation.
  void Close();

  BlockRing(const BlockRing&) = delete;
  BlockRing& operator=(const BlockRing&) = delete;

  // Without a ring: a block to receive into, the warmest; -1 if there is none.
  // It is to be lent next, by a completion, or put back.
  int Take();
  void PutBack(unsigned id) { Add(id); }
  char* at(unsigned id) const { return memory_ + id * Stride(block_size_); }
  size_t block_size() const { return block_size_; }
  // A stream has filled a block of so many bytes, and larger ones would be
  // better. (Those of a port without a ring are as large as any.)
  bool is_too_small_for(size_t received) const {
    return received == block_size_ && block_size_ == kBlockSize;
  }

  // A completion says that block `id` has been filled: it is the caller's.
  char* Lend(unsigned id);
  // It is the kernel's again.
  void Return(unsigned id);
  // How many blocks of all rings of this thread are lent.
  static size_t lent_on_this_thread();
  // The kernel had none left.
  void RanOut() { Provide(kept_back()); }

  // So few are left that a stream should do without.
  bool is_short() const { return lent_ > kBlocks - kBlocks / 4; }

 private:
  // Each block begins in another set of the cache than its neighbours.
  static constexpr size_t Stride(size_t block_size) { return block_size + 64; }
  static constexpr size_t MemorySize(size_t block_size) {
    return kBlocks * Stride(block_size);
  }

  // The kernel takes blocks in turn, so the fewer it has, the warmer they are.
  // It begins with some, and gets more when half of them are lent.
  static constexpr unsigned kFirstBlocks = 128;

  // `ring` and `entries` may be nullptr, both.
  BlockRing(io_uring* ring, io_uring_buf_ring* entries, char* memory,
            size_t block_size);
  ~BlockRing();
  unsigned kept_back() const { return kBlocks - provided_; }
  void Provide(unsigned count);
  void Add(unsigned id);

  io_uring* const ring_;
  bool is_open_ = true;
  io_uring_buf_ring* const entries_;
  char* const memory_;
  const size_t block_size_;
  std::vector<unsigned> free_;  // Without a ring.
  unsigned provided_ = 0;       // The first so many blocks.
  unsigned lent_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_BLOCK_RING_H_
