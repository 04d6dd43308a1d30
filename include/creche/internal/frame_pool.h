// SPDX-License-Identifier: Apache-2.0
//
// FramePool: a cache of freed blocks per thread, for coroutine frames and
// child tasks, which come and go by the million in a few sizes.

#ifndef CRECHE_INTERNAL_FRAME_POOL_H_
#define CRECHE_INTERNAL_FRAME_POOL_H_

#include <cstddef>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define CRECHE_POOL_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CRECHE_POOL_FRAMES 0
#endif
#endif
#ifndef CRECHE_POOL_FRAMES
#define CRECHE_POOL_FRAMES 1
#endif

namespace creche::internal {

// A free list per size class. A block that is freed on another thread joins
// that thread's cache, so no block ever belongs to a thread. Under
// AddressSanitizer every block comes from the heap, so that a use after free
// is seen.
class FramePool {
 public:
  static void* Allocate(std::size_t size) {
#if CRECHE_POOL_FRAMES
    const std::size_t size_class = ClassOf(size);
    if (size_class < kClasses) [[likely]] {
      if (Block* block = free_[size_class]) [[likely]] {
        free_[size_class] = block->next;
        return block;
      }
      return Refill(size_class);
    }
#endif
    return ::operator new(size);
  }

  static void Free(void* memory, std::size_t size) noexcept {
#if CRECHE_POOL_FRAMES
    const std::size_t size_class = ClassOf(size);
    if (size_class < kClasses) [[likely]] {
      free_[size_class] = new (memory) Block{free_[size_class]};
      return;
    }
#endif
    ::operator delete(memory, size);
  }

 private:
  struct Block {
    Block* next;
  };
  struct Drain;  // Gives a thread's cache back when the thread ends.

  // Classes are kGrain bytes apart; larger blocks are left to the heap.
  static constexpr std::size_t kGrain = 32;
  static constexpr std::size_t kClasses = 64;

  static constexpr std::size_t ClassOf(std::size_t size) {
    return (size - 1) / kGrain;
  }
  static void* Refill(std::size_t size_class);

  static constinit thread_local Block* free_[kClasses];
};

}  // namespace creche::internal

#endif  // CRECHE_INTERNAL_FRAME_POOL_H_
