// SPDX-License-Identifier: Apache-2.0
//
// FrameLedger: which coroutine frames and tasks are alive, and whether anybody
// has written to one that is not.

#ifndef CRECHE_LIB_TESTING_FRAME_LEDGER_H_
#define CRECHE_LIB_TESTING_FRAME_LEDGER_H_

#include <cstddef>
#include <deque>
#include <unordered_map>

#include "creche/core/internal/frame_pool.h"

namespace creche::internal {

// Watches what this thread allocates between construction and destruction. A
// freed block is filled with a pattern and kept for a while. (Under
// AddressSanitizer it is given back at once: that sees more.)
class FrameLedger final : public FramePool::Watcher {
 public:
  FrameLedger();
  FrameLedger(const FrameLedger&) = delete;
  FrameLedger& operator=(const FrameLedger&) = delete;
  ~FrameLedger();

  void* Allocate(std::size_t size) override;
  void Free(void* memory, std::size_t size) noexcept override;

  std::size_t alive() const { return alive_.size(); }

  // The number of freed blocks that were written to afterwards.
  std::size_t CountWrittenAfterFree();

 private:
  struct Freed {
    void* memory;
    std::size_t size;
  };

  void ReleaseOldest();

  std::unordered_map<void*, std::size_t> alive_;
  std::deque<Freed> freed_;
  std::size_t freed_bytes_ = 0;
  std::size_t written_after_free_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_FRAME_LEDGER_H_
