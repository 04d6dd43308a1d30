// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/frame_pool.h"

#include <cstddef>
#include <new>

namespace creche::internal {

namespace {

constexpr bool kPools = CRECHE_POOL_FRAMES != 0;

}  // namespace

constinit thread_local FramePool::Block* FramePool::free_[kClasses] = {};
constinit thread_local std::size_t FramePool::pooled_classes_ =
    kPools ? kClasses : 0;
constinit thread_local FramePool::Watcher* FramePool::watcher_ = nullptr;

struct FramePool::Drain {
  ~Drain() {
    for (std::size_t size_class = 0; size_class < kClasses; ++size_class) {
      while (Block* block = free_[size_class]) {
        free_[size_class] = block->next;
        ::operator delete(block, SizeOf(size_class));
      }
    }
  }
};

void* FramePool::Refill(std::size_t size_class) {
  // Constructed with the first block of the thread, so that it is destroyed
  // when the thread ends.
  static thread_local Drain drain;
  static_cast<void>(drain);
  return ::operator new(SizeOf(size_class));
}

void* FramePool::AllocateElsewhere(std::size_t size) {
  if (watcher_ != nullptr) return watcher_->Allocate(size);
  return ::operator new(size);
}

void FramePool::FreeElsewhere(void* memory, std::size_t size) noexcept {
  if (watcher_ != nullptr) {
    watcher_->Free(memory, size);
  } else {
    ::operator delete(memory, size);
  }
}

void FramePool::set_watcher(Watcher* watcher) {
  watcher_ = watcher;
  pooled_classes_ = kPools && watcher == nullptr ? kClasses : 0;
}

std::size_t FramePool::CapacityFor(std::size_t size) {
  const std::size_t size_class = ClassOf(size);
  return kPools && size_class < kClasses ? SizeOf(size_class) : size;
}

void FramePool::FreeUnwatched(void* memory, std::size_t size) noexcept {
  const std::size_t size_class = ClassOf(size);
  if (kPools && size_class < kClasses) {
    free_[size_class] = new (memory) Block{free_[size_class]};
  } else {
    ::operator delete(memory, size);
  }
}

}  // namespace creche::internal
