// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/frame_pool.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace creche::internal {
namespace {

TEST(FramePoolTest, BlocksOfAllSizesAreUsableAndAligned) {
  for (std::size_t size = 1; size < 5000; size += 7) {
    void* block = FramePool::Allocate(size);
    std::memset(block, 0xab, size);
    EXPECT_EQ(
        reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t),
        0u);
    FramePool::Free(block, size);
  }
}

TEST(FramePoolTest, BlocksAliveAreDistinct) {
  std::set<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.insert(FramePool::Allocate(100));
  EXPECT_EQ(blocks.size(), 100u);
  for (void* block : blocks) FramePool::Free(block, 100);
}

#if CRECHE_POOL_FRAMES
TEST(FramePoolTest, UsesAFreedBlockAgain) {
  void* first = FramePool::Allocate(200);
  FramePool::Free(first, 200);
  void* second = FramePool::Allocate(199);
  EXPECT_EQ(first, second);
  FramePool::Free(second, 199);
}
#endif

// A block freed on another thread joins that thread's cache, and goes with it.
TEST(FramePoolTest, BlocksMayBeFreedOnAnotherThread) {
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(FramePool::Allocate(64));
  std::thread([&] {
    for (void* block : blocks) FramePool::Free(block, 64);
    blocks.clear();
    for (int i = 0; i < 10; ++i) blocks.push_back(FramePool::Allocate(64));
  }).join();
  for (void* block : blocks) FramePool::Free(block, 64);
}

}  // namespace
}  // namespace creche::internal
