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
  // Sees every block of a thread come and go, instead of the pool.
  class Watcher {
   public:
    virtual void* Allocate(std::size_t size) = 0;
    virtual void Free(void* memory, std::size_t size) noexcept = 0;

   protected:
    ~Watcher() = default;
  };

  static void* Allocate(std::size_t size) {
    const std::size_t size_class = ClassOf(size);
    if (size_class < kClasses && size_class < pooled_classes_) [[likely]] {
      if (Block* block = free_[size_class]) [[likely]] {
        free_[size_class] = block->next;
        return block;
      }
      return Refill(size_class);
    }
    return AllocateElsewhere(size);
  }

  static void Free(void* memory, std::size_t size) noexcept {
    const std::size_t size_class = ClassOf(size);
    if (size_class < kClasses && size_class < pooled_classes_) [[likely]] {
      free_[size_class] = new (memory) Block{free_[size_class]};
      return;
    }
    FreeElsewhere(memory, size);
  }

  // For this thread; nullptr: the pool again. Blocks of the one may be freed by
  // the other: a watcher allocates CapacityFor(size) bytes with operator new,
  // and hands what it does not know to FreeUnwatched().
  static void set_watcher(Watcher* watcher);
  static std::size_t CapacityFor(std::size_t size);
  static void FreeUnwatched(void* memory, std::size_t size) noexcept;

 private:
  struct Block {
    Block* next;
  };
  struct Drain;  // Gives a thread's cache back when the thread ends.

  // Blocks of 8, 24, 40... bytes, which are the sizes that cost the heap no
  // padding (glibc's malloc adds 8 and rounds up to 16); larger ones are left
  // to the heap.
  static constexpr std::size_t kGrain = 16;
  static constexpr std::size_t kSmallest = 8;
  static constexpr std::size_t kClasses = 128;

  static constexpr std::size_t ClassOf(std::size_t size) {
    return (size + kGrain - kSmallest - 1) / kGrain;
  }
  static constexpr std::size_t SizeOf(std::size_t size_class) {
    return size_class * kGrain + kSmallest;
  }
  static void* Refill(std::size_t size_class);
  static void* AllocateElsewhere(std::size_t size);
  static void FreeElsewhere(void* memory, std::size_t size) noexcept;

  // Those below are pooled: none under AddressSanitizer or while watched.
  static constinit thread_local std::size_t pooled_classes_;
  static constinit thread_local Watcher* watcher_;
  static constinit thread_local Block* free_[kClasses];
};

}  // namespace creche::internal

#endif  // CRECHE_INTERNAL_FRAME_POOL_H_
