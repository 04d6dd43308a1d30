// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/frame_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace creche::internal {

namespace {

// A thread's slabs grow with what it needs.
constexpr std::size_t kFirstSlab = std::size_t{16} << 10;
constexpr std::size_t kLargestSlab = std::size_t{256} << 10;

// What glibc adds to a large block, so that a slab with it fills its pages.
constexpr std::size_t kHeapOverhead = 32;
constexpr std::size_t kPage = 4096;

constinit thread_local std::size_t next_slab_size = kFirstSlab;

}  // namespace

constinit thread_local FramePool::Here FramePool::here_;

struct FramePool::Orphans {
  // Stored in the memory it describes.
  struct LeftSlab {
    Slab slab;
    LeftSlab* next;
  };

  // Takes all that the calling thread has.
  void Take() {
    const std::lock_guard<std::mutex> lock(mutex);
    Move(here_.free, blocks);
    if (HasRoomFor(sizeof(LeftSlab))) {
      const Slab slab = std::exchange(here_.slab, {});
      slabs = new (slab.begin) LeftSlab{slab, slabs};
    }
  }

  // Gives the calling thread, whose slab is used up, all blocks and a slab.
  void Give() {
    const std::lock_guard<std::mutex> lock(mutex);
    Move(blocks, here_.free);
    if (slabs == nullptr) return;
    here_.slab = slabs->slab;
    slabs = slabs->next;
  }

  static void Move(Lists& from, Lists& to) {
    for (std::size_t list = 0; list < from.size(); ++list) {
      Block* const first = std::exchange(from[list], nullptr);
      if (first == nullptr) continue;
      Block* last = first;
      while (last->next != nullptr) last = last->next;
      last->next = std::exchange(to[list], first);
    }
  }

  std::mutex mutex;  // Guards what follows.
  Lists blocks = {};
  LeftSlab* slabs = nullptr;
};

constinit FramePool::Orphans FramePool::orphans_;

struct FramePool::ThreadExit {
  ~ThreadExit() { orphans_.Take(); }
};

void* FramePool::Cut(std::size_t size_class, Kind kind) {
  const std::size_t size = SizeOf(size_class);
  if (!HasRoomFor(size)) {
    // Made with the thread's first block, so that it is executed at its end.
    static thread_local ThreadExit at_exit;
    static_cast<void>(at_exit);
    UseUpSlab();
    orphans_.Give();
    Block*& list = ListOf(size_class, kind);
    if (Block* block = list) {
      list = block->next;
      return block;
    }
    if (!HasRoomFor(size)) {
      UseUpSlab();
      here_.slab = NewSlab();
    }
  }
  return std::exchange(here_.slab.begin, here_.slab.begin + size);
}

// Makes what is left of the slab, which is less than was asked for, a block.
void FramePool::UseUpSlab() {
  if (!HasRoomFor(kGrain)) return;
  const auto [begin, end] = std::exchange(here_.slab, {});
  Free(begin, static_cast<std::size_t>(end - begin));
}

FramePool::Slab FramePool::NewSlab() {
  const std::size_t size = next_slab_size - kHeapOverhead;
  auto* memory = static_cast<char*>(::operator new(size));
#ifdef MADV_POPULATE_WRITE
  // All pages at once take less time than as many page faults
  // (docs/benchmarks.md, "Tried"). If that fails (before Linux 5.14), they come
  // one by one.
  if (next_slab_size == kLargestSlab) {
    char* page = memory - reinterpret_cast<std::uintptr_t>(memory) % kPage;
    madvise(page, static_cast<std::size_t>(memory + size - page),
            MADV_POPULATE_WRITE);
  }
#endif
  next_slab_size = std::min(2 * next_slab_size, kLargestSlab);
  return {memory, memory + size};
}

void* FramePool::AllocateElsewhere(std::size_t size, Kind kind) {
  if (here_.watcher != nullptr) return here_.watcher->Allocate(size);
  const std::size_t size_class = ClassOf(size);
  if (size_class < here_.pooled_classes) return Cut(size_class, kind);
  return ::operator new(size);
}

void FramePool::FreeElsewhere(void* memory, std::size_t size) noexcept {
  if (here_.watcher != nullptr) {
    here_.watcher->Free(memory, size);
  } else {
    ::operator delete(memory, size);
  }
}

void FramePool::set_watcher(Watcher* watcher) {
  if (watcher != nullptr && here_.watcher == nullptr) {
    here_.aside = new Lists(std::exchange(here_.free, {}));
  } else if (watcher == nullptr && here_.watcher != nullptr) {
    here_.free = *here_.aside;
    delete std::exchange(here_.aside, nullptr);
  }
  here_.watcher = watcher;
  here_.pooled_classes = watcher == nullptr ? kPooledClasses : 0;
}

std::size_t FramePool::CapacityFor(std::size_t size) {
  const std::size_t size_class = ClassOf(size);
  return size_class < kPooledClasses ? SizeOf(size_class) : size;
}

void FramePool::FreeUnwatched(void* memory, std::size_t size) noexcept {
  const std::size_t size_class = ClassOf(size);
  if (size_class < kPooledClasses) {
    Put(memory,
        (here_.watcher == nullptr ? here_.free : *here_.aside)[size_class]);
  } else {
    ::operator delete(memory, size);
  }
}

}  // namespace creche::internal
