// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/message_memory.h"

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

namespace creche::internal {

// A list that is given back is described by its first block.
struct MessageMemory::Block {
  Block* next;
  Block* last;
  size_t count;
};

// The blocks of a thread.
struct MessageMemory::Blocks {
  void Push(Block* block) {
    block->next = first;
    if (first == nullptr) last = block;
    first = block;
    ++count;
  }
  Block* Pop() {
    --count;
    return std::exchange(first, first->next);
  }

  Block* first = nullptr;
  Block* last;  // If there is a first.
  size_t count = 0;
  bool is_at_end = false;  // The thread keeps nothing any more.
};

constinit thread_local MessageMemory::Blocks MessageMemory::of_thread_ = {};

// Other destructors may still post after this one.
struct MessageMemory::ThreadExit {
  // Called whenever the thread gets its first block.
  static void Expect() {
    static thread_local ThreadExit at_exit;
    static_cast<void>(at_exit);
  }
  ~ThreadExit() {
    while (of_thread_.count > 0) ::operator delete(of_thread_.Pop());
    of_thread_.is_at_end = true;
  }
};

void* MessageMemory::Allocate() {
  if (of_thread_.count == 0 && !TakeAll()) return ::operator new(kBlockSize);
  return of_thread_.Pop();
}

void MessageMemory::Free(void* memory) noexcept {
  Blocks& mine = of_thread_;
  if (mine.is_at_end) return ::operator delete(memory);
  if (mine.count == 0) ThreadExit::Expect();
  mine.Push(new (memory) Block);
}

bool MessageMemory::TakeAll() {
  Blocks& mine = of_thread_;
  if (mine.is_at_end) return false;
  Block* const first = given_back_.exchange(nullptr, std::memory_order_acquire);
  if (first == nullptr) return false;
  ThreadExit::Expect();
  mine.first = first;
  mine.last = first->last;
  mine.count = first->count;
  return true;
}

void MessageMemory::GiveBack() {
  Blocks& mine = of_thread_;
  if (mine.count == 0) return;
  Block* first = given_back_.exchange(nullptr, std::memory_order_acquire);
  const size_t given_back = first == nullptr ? 0 : first->count;
  while (mine.count > 0 && mine.count + given_back > kMostBlocks) {
    ::operator delete(mine.Pop());
  }
  if (mine.count > 0) {
    mine.last->next = first;
    mine.first->last = first == nullptr ? mine.last : first->last;
    mine.first->count = mine.count + given_back;
    first = std::exchange(mine.first, nullptr);
    mine.count = 0;
  }
  given_back_.store(first, std::memory_order_release);
}

void MessageMemory::Clear() {
  Block* block = given_back_.exchange(nullptr, std::memory_order_acquire);
  while (block != nullptr) {
    ::operator delete(std::exchange(block, block->next));
  }
}

}  // namespace creche::internal
