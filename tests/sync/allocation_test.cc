// SPDX-License-Identifier: Apache-2.0
//
// In steady state no operation allocates memory, whether it waits or not.

#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/sync/broadcast.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"
#include "creche/sync/watch.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace {

std::size_t allocations = 0;

}  // namespace

// Not inlined, lest g++ takes what they call for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace creche {
namespace {

// Two tasks run `a` and `b` over and over, which wait for each other; after the
// first rounds nothing is allocated any more.
template <typename A, typename B>
void ExpectNoAllocations(A a, B b) {
  constexpr int kRounds = 1000;
  constexpr int kWarmUp = 200;
  std::size_t before = 0;
  std::size_t after = 0;
  auto loop_a = [&]() -> Task<> {
    for (int i = 0; i < kRounds; ++i) {
      if (i == kWarmUp) before = allocations;
      co_await a();
      if (i == kRounds - 1) after = allocations;
    }
  };
  auto loop_b = [&]() -> Task<> {
    for (int i = 0; i < kRounds; ++i) co_await b();
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(loop_a);
    nursery.StartSoon(loop_b);
    co_return;
  });
#if !defined(__SANITIZE_ADDRESS__)  // There, frames come from the heap.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  return;
#endif
#endif
  EXPECT_EQ(after - before, 0u);
#endif
}

TEST(AllocationTest, IsSeen) {
  const std::size_t before = allocations;
  ::operator delete(::operator new(8));
  EXPECT_EQ(allocations, before + 1);
}

TEST(AllocationTest, Channels) {
  for (const size_t capacity : {size_t{0}, size_t{1}, size_t{5}}) {
    auto [send, receive] = MakeChannel<int>(capacity);
    Sender<int>& out = send;
    Receiver<int>& in = receive;
    ExpectNoAllocations(
        [&]() -> Task<> {
          absl::Status sent = co_await out.Send(1);
          // (A matcher would allocate.)
          EXPECT_TRUE(sent.ok());
        },
        [&]() -> Task<> {
          std::optional<int> value = co_await in.Receive();
          EXPECT_EQ(value, 1);
        });
  }
}

TEST(AllocationTest, LocksSemaphoresAndLimiters) {
  Lock lock;
  Semaphore semaphore(1);
  CapacityLimiter limiter(1);
  auto use = [&]() -> Task<> {
    LockGuard guard = co_await lock.Acquire();
    co_await Checkpoint();
    guard.Release();
    Permit permit = co_await semaphore.Acquire();
    co_await Checkpoint();
    CapacityToken token = co_await limiter.Acquire();
    co_await Checkpoint();
  };
  ExpectNoAllocations(use, use);
}

TEST(AllocationTest, ConditionsAndWatches) {
  Lock lock;
  Condition condition(lock);
  int turn = 0;
  Watch<int> watch(0);
  auto take_turns = [&](int mine) -> Task<> {
    {
      LockGuard guard = co_await lock.Acquire();
      while (turn != mine) co_await condition.Wait(guard);
      turn = 1 - mine;
      condition.NotifyAll();
    }
    int now = co_await watch.WaitUntil([&](int v) { return v % 2 == mine; });
    watch.Set(now + 1);
  };
  ExpectNoAllocations([&]() -> Task<> { co_await take_turns(0); },
                      [&]() -> Task<> { co_await take_turns(1); });
}

TEST(AllocationTest, SelectsEventsAndBroadcasts) {
  Broadcast<int> broadcast(4);
  Subscription<int> subscription = broadcast.Subscribe();
  auto [send, receive] = MakeChannel<int>(0);
  Sender<int>& out = send;
  Receiver<int>& in = receive;
  Event never;
  ExpectNoAllocations(
      [&]() -> Task<> {
        auto first = co_await Select(out.Send(1), never.Wait(),
                                     SleepFor(absl::Hours(1)));
        EXPECT_EQ(first.index(), 0u);
        EXPECT_TRUE(broadcast.Send(2).ok());
      },
      [&]() -> Task<> {
        std::optional<int> value = co_await in.Receive();
        EXPECT_EQ(value, 1);
        auto first = co_await Select(subscription.Receive(), never.Wait());
        EXPECT_EQ(*std::get<0>(first), 2);
      });
}

}  // namespace
}  // namespace creche
