// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/frame_pool.h"

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

// Or tasks that come and go together would be scattered more and more.
TEST(FramePoolTest, FramesAndRecordsOfTheSameSizeKeepApart) {
  constexpr FramePool::Kind kRecord = FramePool::Kind::kRecord;
  std::vector<void*> frames;
  std::vector<void*> records;
  for (int i = 0; i < 100; ++i)
    records.push_back(FramePool::Allocate(72, kRecord));
  for (int i = 0; i < 100; ++i) frames.push_back(FramePool::Allocate(72));
  for (std::size_t i = 0; i < 100; ++i) {
    FramePool::Free(frames[i], 72);
    FramePool::Free(records[i], 72, kRecord);
  }

  for (std::size_t i = 100; i > 0; --i) {
    EXPECT_EQ(FramePool::Allocate(72, kRecord), records[i - 1]);
    EXPECT_EQ(FramePool::Allocate(72), frames[i - 1]);
  }
  for (void* frame : frames) FramePool::Free(frame, 72);
  for (void* record : records) FramePool::Free(record, 72, kRecord);
}
#endif

#if CRECHE_POOL_FRAMES
// Also where the pool has a block of that size; and the pool keeps the block.
TEST(FramePoolTest, WatcherSeesAllThatComeAndGo) {
  struct Watching final : FramePool::Watcher {
    Watching() { FramePool::set_watcher(this); }
    ~Watching() { FramePool::set_watcher(nullptr); }
    void* Allocate(std::size_t size) override {
      ++alive;
      return ::operator new(FramePool::CapacityFor(size));
    }
    void Free(void* memory, std::size_t size) noexcept override {
      --alive;
      FramePool::FreeUnwatched(memory, size);
    }
    int alive = 0;
  };
  void* const before = FramePool::Allocate(88);
  void* const free_one = FramePool::Allocate(88);
  FramePool::Free(free_one, 88);
  void* watched = nullptr;
  {
    Watching watcher;
    watched = FramePool::Allocate(88);
    EXPECT_EQ(watcher.alive, 1);
    FramePool::Free(before, 88);
    EXPECT_EQ(watcher.alive, 0);
    void* const record = FramePool::Allocate(88, FramePool::Kind::kRecord);
    EXPECT_EQ(watcher.alive, 1);
    FramePool::Free(record, 88, FramePool::Kind::kRecord);
  }
  FramePool::Free(watched, 88);
  // What came back while it was watched is the pool's, last come, first served.
  EXPECT_EQ(FramePool::Allocate(88), watched);
  FramePool::Allocate(88);  // The record.
  EXPECT_EQ(FramePool::Allocate(88), before);
  EXPECT_EQ(FramePool::Allocate(88), free_one);
}
#endif

// A block freed on another thread joins that thread's list.
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

#if CRECHE_POOL_FRAMES
// Allocates so many blocks in a new thread, frees those, and returns where they
// were.
std::set<void*> BlocksOfAThread(std::size_t size, int count) {
  std::set<void*> blocks;
  std::thread([&] {
    for (int i = 0; i < count; ++i) blocks.insert(FramePool::Allocate(size));
    for (void* block : blocks) FramePool::Free(block, size);
  }).join();
  return blocks;
}

TEST(FramePoolTest, ThreadsLeaveTheirBlocksToTheNext) {
  const std::set<void*> first = BlocksOfAThread(1008, 1000);
  EXPECT_EQ(first.size(), 1000u);
  EXPECT_EQ(BlocksOfAThread(1008, 1000), first);
}

// What a thread has not cut yet is left, too.
TEST(FramePoolTest, ThreadsThatComeAndGoDoNotNeedMoreAndMore) {
  std::set<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.merge(BlocksOfAThread(160, 1));
  EXPECT_EQ(blocks.size(), 1u);
  for (std::size_t size = 1200; size < 2000; size += 16) {
    blocks.merge(BlocksOfAThread(size, 1));
  }
  // 50 blocks of 1.6 KB are 5 slabs of 16 KiB or parts of them.
  std::set<std::uintptr_t> places;
  for (void* block : blocks) {
    places.insert(reinterpret_cast<std::uintptr_t>(block) >> 14);
  }
  EXPECT_LE(places.size(), 16u);
}

TEST(FramePoolTest, ManyBlocksOfManySizesDoNotOverlap) {
  struct Piece {
    unsigned char* memory;
    std::size_t size;
  };
  std::vector<Piece> pieces;
  std::size_t size = 1;
  for (int i = 0; i < 20'000; ++i) {
    size = (size * 37 + 11) % 2500 + 1;
    pieces.push_back(
        {static_cast<unsigned char*>(FramePool::Allocate(size)), size});
    std::memset(pieces.back().memory, i % 251, size);
  }
  for (int i = 0; i < 20'000; ++i) {
    const Piece piece = pieces[static_cast<std::size_t>(i)];
    ASSERT_EQ(piece.memory[0], i % 251);
    ASSERT_EQ(piece.memory[piece.size - 1], i % 251);
    FramePool::Free(piece.memory, piece.size);
  }
}
#endif

}  // namespace
}  // namespace creche::internal
