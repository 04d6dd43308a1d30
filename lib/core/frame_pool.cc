// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/frame_pool.h"

#include <cstddef>
#include <new>

namespace creche::internal {

constinit thread_local FramePool::Block* FramePool::free_[kClasses] = {};

struct FramePool::Drain {
  ~Drain() {
    for (std::size_t size_class = 0; size_class < kClasses; ++size_class) {
      while (Block* block = free_[size_class]) {
        free_[size_class] = block->next;
        ::operator delete(block, (size_class + 1) * kGrain);
      }
    }
  }
};

void* FramePool::Refill(std::size_t size_class) {
  // Constructed with the first block of the thread, so that it is destroyed
  // when the thread ends.
  static thread_local Drain drain;
  static_cast<void>(drain);
  return ::operator new((size_class + 1) * kGrain);
}

}  // namespace creche::internal
