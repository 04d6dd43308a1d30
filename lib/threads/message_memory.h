// SPDX-License-Identifier: Apache-2.0
//
// MessageMemory: the memory of messages, on its way back to those who send
// them.

#ifndef CRECHE_LIB_THREADS_MESSAGE_MEMORY_H_
#define CRECHE_LIB_THREADS_MESSAGE_MEMORY_H_

#include <atomic>
#include <cstddef>

namespace creche::internal {

// Messages are made by threads and freed by the run, so a heap that keeps
// blocks for the thread that frees them never has any for the next message.
// Here the run gives back in one piece what it has freed, and a thread that has
// no block left takes all of that at once: so no two threads ever work at one
// list. In steady state nothing comes from the heap.
class MessageMemory {
 public:
  static constexpr size_t kBlockSize = 64;

  // How many a run has for those who allocate, and so a thread that took them.
  // What exceeds that goes to the heap, as does what a thread has when it ends.
  static constexpr size_t kMostBlocks = 1024;

  MessageMemory() = default;
  MessageMemory(const MessageMemory&) = delete;
  MessageMemory& operator=(const MessageMemory&) = delete;
  ~MessageMemory() { Clear(); }

  // A block. Thread safety: any thread.
  void* Allocate();

  // This thread has a block more.
  static void Free(void* memory) noexcept;

  // What this thread has is for those who allocate. On the thread of the run.
  void GiveBack();

  // Frees what was given back. On the thread of the run, or when it is over.
  void Clear();

 private:
  struct Block;
  struct Blocks;
  struct ThreadExit;

  bool TakeAll();

  static thread_local Blocks of_thread_;

  // The first block of a list: only the run puts one here, everybody takes.
  std::atomic<Block*> given_back_ = nullptr;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_MESSAGE_MEMORY_H_
