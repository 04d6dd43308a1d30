// SPDX-License-Identifier: Apache-2.0
//
// The memory of RunHandle::Post(): in steady state none comes from the heap,
// what a burst needed is bounded afterwards, and in the end all is freed.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "creche/core/checkpoint.h"
#include "creche/core/task.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_handle.h"
#include "gtest/gtest.h"
#include "lib/threads/message_memory.h"
#include "tests/support/run_to_test.h"

namespace {

std::atomic<std::size_t> allocations = 0;
std::atomic<std::size_t> frees = 0;

void Free(void* memory) noexcept {
  if (memory != nullptr) ++frees;
  std::free(memory);
}

}  // namespace

// Not inlined, lest g++ takes what they call for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { Free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  Free(memory);
}

namespace creche {
namespace {

constexpr size_t kMostBlocks = internal::MessageMemory::kMostBlocks;

size_t Live() { return allocations - frees; }

// A thread that posts bursts, each while the run's thread is blocked: so that
// what happens, and what is allocated, is the same each time.
class Poster {
 public:
  Poster() = default;
  ~Poster() {
    burst_ = 0;
    go_.release();
    thread_.join();
  }

  // Returns when so many functions more are posted, each of which counts.
  void Burst(size_t size) {
    burst_ = size;
    go_.release();
    is_posted_.acquire();
    posted_ += size;
  }
  bool is_called() const { return called_ == posted_; }

 private:
  void Work(const RunHandle& run) {
    for (go_.acquire(); burst_ > 0; go_.acquire()) {
      for (size_t i = 0; i < burst_; ++i) run.Post([this] { ++called_; });
      is_posted_.release();
    }
  }

  std::binary_semaphore go_{0};
  std::binary_semaphore is_posted_{0};
  size_t burst_ = 0;  // Written before go_ is released.
  size_t posted_ = 0;
  size_t called_ = 0;  // The run's.
  std::thread thread_{[this, run = RunHandle::Current()] { Work(run); }};
};

TEST(PostMemoryTest, ComesFromTheHeapAtFirstOnly) {
  auto main = []() -> Task<> {
    Poster poster;
    const size_t at_first = allocations;
    poster.Burst(100);
    while (!poster.is_called()) co_await Checkpoint();
    EXPECT_GE(allocations - at_first, 100U);
    const size_t before = allocations;
    for (int i = 0; i < 100; ++i) {
      poster.Burst(100);
      while (!poster.is_called()) co_await Checkpoint();
    }
    EXPECT_EQ(allocations - before, 0U);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(PostMemoryTest, ComesFromTheHeapAtFirstOnlyOnTheRunsOwnThread) {
  auto main = []() -> Task<> {
    const RunHandle run = RunHandle::Current();
    int called = 0;
    size_t before = 0;
    for (int i = 0; i < 100; ++i) {
      if (i == 1) before = allocations;
      const int all = called + 11;
      for (int n = 0; n < 10; ++n) run.Post([&called] { ++called; });
      // From what is called, too.
      run.Post([&run, &called] { run.Post([&called] { ++called; }); });
      while (called < all) co_await Checkpoint();
    }
    EXPECT_EQ(allocations - before, 0U);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(PostMemoryTest, IsBoundedAfterABurst) {
  auto main = []() -> Task<> {
    Poster poster;
    const size_t before = Live();
    for (int i = 0; i < 3; ++i) {
      poster.Burst(10 * kMostBlocks);
      while (!poster.is_called()) co_await Checkpoint();
      EXPECT_LE(Live(), before + kMostBlocks);
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(PostMemoryTest, IsBoundedAfterBurstsOfThreadsThatNeedNoneOfIt) {
  constexpr size_t kAlmost = kMostBlocks - 100;
  auto main = []() -> Task<> {
    Poster posters[2];
    const size_t before = Live();
    for (Poster& poster : posters) {
      poster.Burst(kAlmost);
      while (!poster.is_called()) co_await Checkpoint();
      poster.Burst(1);  // Takes the others back.
      while (!poster.is_called()) co_await Checkpoint();
    }
    for (Poster& poster : posters) {
      poster.Burst(kAlmost - 1);
      while (!poster.is_called()) co_await Checkpoint();
    }
    EXPECT_LE(Live(), before + kMostBlocks);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// What was kept for senders goes with the run, whoever still has a handle.
TEST(PostMemoryTest, IsFreedWithTheRun) {
  std::optional<RunHandle> handle;
  size_t with_blocks = 0;
  auto main = [&]() -> Task<> {
    handle = RunHandle::Current();
    Poster poster;
    poster.Burst(1000);
    while (!poster.is_called()) co_await Checkpoint();
    with_blocks = Live();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_LE(Live() + 1000, with_blocks);
}

struct Counts {
  std::atomic<int> posted = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> called = 0;
  std::atomic<int> destroyed = 0;
};

void PostValue(const RunHandle& run, Counts& counts, int left, bool& accepted);

// Posts another one from its destructor, as often as it is told.
class Value {
 public:
  Value(const RunHandle& run, Counts& counts, int left)
      : run_(run), counts_(&counts), left_(left) {}
  Value(Value&& other) noexcept
      : run_(other.run_),
        counts_(std::exchange(other.counts_, nullptr)),
        left_(other.left_) {}
  ~Value() {
    if (counts_ == nullptr) return;
    ++counts_->destroyed;
    bool accepted = false;
    if (left_ > 0) PostValue(run_, *counts_, left_ - 1, accepted);
  }

  void Call() const { ++counts_->called; }

 private:
  RunHandle run_;
  Counts* counts_;
  int left_;
};

void PostValue(const RunHandle& run, Counts& counts, int left, bool& accepted) {
  ++counts.posted;
  accepted = run.Post([value = Value(run, counts, left)] { value.Call(); });
  if (!accepted) ++counts.refused;
}

// Threads that end, and some that end after the run.
void Storm(Counts& counts, int checkpoints) {
  constexpr int kThreads = 6;
  constexpr int kPosts = 500;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  auto main = [&]() -> Task<> {
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&counts, run = RunHandle::Current()] {
        bool accepted = true;
        for (int n = 0; accepted && n < kPosts; ++n) {
          PostValue(run, counts, n % 3, accepted);
        }
      });
    }
    for (int i = 0; i < checkpoints; ++i) co_await Checkpoint();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  for (std::thread& thread : threads) thread.join();
}

TEST(PostMemoryTest, IsFreedAfterAStormWhereNothingIsLost) {
  Counts counts;
  Storm(counts, 0);  // What stays for good, such as memory for frames.
  const size_t before = Live();
  for (int i = 0; i < 100; ++i) Storm(counts, i * i / 10);
  EXPECT_EQ(Live(), before);
  EXPECT_EQ(counts.called + counts.refused, counts.posted);
  EXPECT_EQ(counts.destroyed, counts.posted);
}

// Its destructor posts after the thread's blocks are freed, since it was made
// before there were any.
struct PostsAtThreadsEnd {
  ~PostsAtThreadsEnd() {
    for (int i = 0; i < 10; ++i) run->Post([called = called] { ++*called; });
  }
  std::optional<RunHandle> run;
  int* called = nullptr;
};

void PostAtThreadsEnd() {
  int called = 0;
  std::thread thread;
  std::binary_semaphore go{0};
  std::binary_semaphore is_posted{0};
  auto in_thread = [&](const RunHandle& run) {
    static thread_local PostsAtThreadsEnd at_end;
    at_end.run = run;
    at_end.called = &called;
    for (int i = 0; i < 2; ++i) {
      run.Post([&called] { ++called; });
      is_posted.release();
      go.acquire();
    }
  };
  auto main = [&]() -> Task<> {
    const RunHandle run = RunHandle::Current();
    thread = std::thread(in_thread, run);
    is_posted.acquire();
    while (called < 1) co_await Checkpoint();
    go.release();
    is_posted.acquire();  // That was with the block of the first.
    for (int i = 0; i < 50; ++i) run.Post([&called] { ++called; });
    while (called < 52) co_await Checkpoint();
    go.release();  // Now there are 51 to be taken.
    while (called < 62) co_await Checkpoint();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  thread.join();
}

TEST(PostMemoryTest, IsFreedIfDestructorsPostAtTheEndOfAThread) {
  PostAtThreadsEnd();
  const size_t before = Live();
  PostAtThreadsEnd();
  EXPECT_EQ(Live(), before);
}

}  // namespace
}  // namespace creche
