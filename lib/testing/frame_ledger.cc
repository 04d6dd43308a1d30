// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/frame_ledger.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

#include "creche/core/internal/frame_pool.h"

namespace creche::internal {
namespace {

constexpr unsigned char kFreedByte = 0xFD;
constexpr std::size_t kKeptBytes = std::size_t{16} << 20;

}  // namespace

FrameLedger::FrameLedger() { FramePool::set_watcher(this); }

FrameLedger::~FrameLedger() {
  FramePool::set_watcher(nullptr);
  while (!freed_.empty()) ReleaseOldest();
}

void* FrameLedger::Allocate(std::size_t size) {
  void* memory = ::operator new(FramePool::CapacityFor(size));
  alive_.emplace(memory, size);
  return memory;
}

void FrameLedger::Free(void* memory, std::size_t size) noexcept {
  if (alive_.erase(memory) == 0 || CRECHE_POOL_FRAMES == 0) {
    FramePool::FreeUnwatched(memory, size);
    return;
  }
  std::memset(memory, kFreedByte, size);
  freed_.push_back({memory, size});
  freed_bytes_ += size;
  while (freed_bytes_ > kKeptBytes) ReleaseOldest();
}

std::size_t FrameLedger::CountWrittenAfterFree() {
  while (!freed_.empty()) ReleaseOldest();
  return written_after_free_;
}

void FrameLedger::ReleaseOldest() {
  const Freed oldest = freed_.front();
  freed_.pop_front();
  freed_bytes_ -= oldest.size;
  const auto* bytes = static_cast<const unsigned char*>(oldest.memory);
  if (!std::all_of(bytes, bytes + oldest.size,
                   [](unsigned char byte) { return byte == kFreedByte; })) {
    ++written_after_free_;
  }
  ::operator delete(oldest.memory);
}

}  // namespace creche::internal
