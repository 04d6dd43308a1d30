// SPDX-License-Identifier: Apache-2.0
//
// FramePool: memory for coroutine frames and child tasks, which come and go by
// the million in a few sizes.

#ifndef CRECHE_CORE_INTERNAL_FRAME_POOL_H_
#define CRECHE_CORE_INTERNAL_FRAME_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

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

// For each thread a free list per kind and size class, and a slab of memory
// from which new blocks are cut. A block that is freed on another thread joins
// that thread's list, so no block ever belongs to a thread; what a thread has
// left when it ends is for the others. Memory that has become blocks stays
// that: it does not go back to the heap. Under AddressSanitizer every block
// comes from the heap, so that a use after free is seen.
class FramePool {
 public:
  // Frames and records have lists of their own: a task that ends frees one of
  // each, and if they were put on one list, the blocks of those that come after
  // it would lie in memory like cards that are shuffled once more each time,
  // out of reach for caches (docs/benchmarks.md, "Tried").
  enum class Kind : std::size_t { kFrame, kRecord };

  // Sees every block of a thread come and go, instead of the pool.
  class Watcher {
   public:
    virtual void* Allocate(std::size_t size) = 0;
    virtual void Free(void* memory, std::size_t size) noexcept = 0;

   protected:
    ~Watcher() = default;
  };

  static void* Allocate(std::size_t size, Kind kind = Kind::kFrame) {
    const std::size_t size_class = ClassOf(size);
    if (size_class < kClasses) [[likely]] {
      Block*& list = ListOf(size_class, kind);
      if (Block* block = list) [[likely]] {
        list = block->next;
        if (kind == Kind::kRecord) PrefetchAfter(block, list, size_class);
        return block;
      }
    }
    return AllocateElsewhere(size, kind);
  }

  // `frame`, which was the last that was allocated in its size, is a task's
  // first one, so that frames of more tasks are likely to follow. (Those that
  // await each other come and go in one place, which is in the caches.)
  static void ExpectMore(const void* frame, std::size_t size) {
    const std::size_t size_class = ClassOf(size);
    if (size_class >= kClasses) [[unlikely]]
      return;
    PrefetchAfter(frame, ListOf(size_class, Kind::kFrame), size_class);
  }

  static void Free(void* memory, std::size_t size,
                   Kind kind = Kind::kFrame) noexcept {
    const std::size_t size_class = ClassOf(size);
    if (size_class < kClasses && size_class < here_.pooled_classes) [[likely]] {
      Put(memory, ListOf(size_class, kind));
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
  // Memory that has not been cut yet.
  struct Slab {
    char* begin = nullptr;
    char* end = nullptr;
  };
  struct Orphans;     // The free blocks and slabs of threads that have ended.
  struct ThreadExit;  // Moves those of a thread there when it ends.

  // Blocks of 16, 32, 48... bytes; larger ones are left to the heap.
  static constexpr std::size_t kGrain = alignof(std::max_align_t);
  static constexpr std::size_t kClasses = 128;
  static constexpr std::size_t kKinds = 2;
  static constexpr std::size_t kPooledClasses = CRECHE_POOL_FRAMES * kClasses;
  using Lists = std::array<Block*, kKinds * kClasses>;

  // How far to look ahead: long enough for memory to answer; and how much of a
  // large block.
  static constexpr std::size_t kBlocksAhead = 12;
  static constexpr std::size_t kCacheLine = 64;
  static constexpr std::size_t kMostAhead = 4 * kCacheLine;

  static constexpr std::size_t ClassOf(std::size_t size) {
    return (size + kGrain - 1) / kGrain;
  }
  static constexpr std::size_t SizeOf(std::size_t size_class) {
    return size_class * kGrain;
  }
  static Block*& ListOf(std::size_t size_class, Kind kind) {
    return here_.free[static_cast<std::size_t>(kind) * kClasses + size_class];
  }
  static void Put(void* memory, Block*& list) {
    list = new (memory) Block{list};
  }

  // Brings in what is likely to be wanted soon. Where tasks have come and gone
  // in order, their blocks lie side by side, and the one that is wanted some
  // turns later is known. Only downwards: upwards it gains nothing
  // (docs/benchmarks.md, "Tried"). Inlined, or else g++ takes it for a function
  // without effect.
  [[gnu::always_inline]] static void PrefetchAfter(const void* block,
                                                   const Block* next,
                                                   std::size_t size_class) {
    const std::size_t size = SizeOf(size_class);
    const auto here = reinterpret_cast<std::uintptr_t>(block);
    if (reinterpret_cast<std::uintptr_t>(next) != here - size) {
      if (next != nullptr) __builtin_prefetch(next, /*rw=*/1);
      return;
    }
    const std::uintptr_t later = here - kBlocksAhead * size;
    for (std::size_t i = 0; i < size && i < kMostAhead; i += kCacheLine) {
      __builtin_prefetch(reinterpret_cast<const void*>(later + i), /*rw=*/1);
    }
  }

  static void* Cut(std::size_t size_class, Kind kind);
  static bool HasRoomFor(std::size_t size) {
    const Slab& slab = here_.slab;
    return static_cast<std::size_t>(slab.end - slab.begin) >= size;
  }
  static void UseUpSlab();
  static Slab NewSlab();
  static void* AllocateElsewhere(std::size_t size, Kind kind);
  static void FreeElsewhere(void* memory, std::size_t size) noexcept;

  // What a thread has. One variable, so that its parts have one address that
  // the compiler looks up once; and without a destructor, so that it need not
  // ask whether the variable exists.
  struct Here {
    // Those below are pooled: none under AddressSanitizer or while watched.
    // Then all lists are empty, so that Allocate() need not ask.
    std::size_t pooled_classes = kPooledClasses;
    Lists free = {};
    Slab slab;
    Watcher* watcher = nullptr;
    Lists* aside = nullptr;  // The lists, while watched. Owned.
  };

  static constinit thread_local Here here_;
  static constinit Orphans orphans_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_FRAME_POOL_H_
