// SPDX-License-Identifier: Apache-2.0
//
// Whoever comes first wins, for every primitive: a wait that was completed
// before its task was cancelled has happened, one that was cancelled first has
// not, and nothing is lost either way.

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/errors.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/semaphore.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

class CancellationTest : public ::testing::TestWithParam<Order> {
 protected:
  static bool complete_first() {
    return GetParam() == Order::kCompleteThenCancel;
  }
};
INSTANTIATE_TEST_SUITE_P(BothOrders, CancellationTest,
                         ::testing::Values(Order::kCompleteThenCancel,
                                           Order::kCancelThenComplete));

TEST_P(CancellationTest, Event) {
  InRun([]() -> Task<> {
    Event event;
    auto wait = [&]() -> Task<> { co_await event.Wait(); };

    const bool completed =
        co_await CompleteAndCancel(GetParam(), wait, [&] { event.Set(); });

    EXPECT_EQ(completed, complete_first());
    EXPECT_EQ(event.statistics().tasks_waiting, 0u);
  });
}

TEST_P(CancellationTest, Lock) {
  InRun([]() -> Task<> {
    Lock lock;
    std::optional<LockGuard> holder = lock.TryAcquire();
    auto acquire = [&]() -> Task<> {
      LockGuard guard = co_await lock.Acquire();
    };

    // A task of its own waits, so this one may hold.
    const bool completed = co_await CompleteAndCancel(GetParam(), acquire,
                                                      [&] { holder.reset(); });

    EXPECT_EQ(completed, complete_first());
    EXPECT_FALSE(lock.is_locked());
  });
}

TEST_P(CancellationTest, Semaphore) {
  InRun([]() -> Task<> {
    Semaphore semaphore(0);
    auto acquire = [&]() -> Task<> {
      Permit permit = co_await semaphore.Acquire();
    };

    const bool completed = co_await CompleteAndCancel(
        GetParam(), acquire, [&] { semaphore.Release(); });

    EXPECT_EQ(completed, complete_first());
    EXPECT_EQ(semaphore.available(), 1u);
    EXPECT_EQ(semaphore.statistics().tasks_waiting, 0u);
  });
}

TEST_P(CancellationTest, CapacityLimiter) {
  InRun([]() -> Task<> {
    CapacityLimiter limiter(0);
    auto acquire = [&]() -> Task<> {
      CapacityToken token = co_await limiter.Acquire();
    };

    const bool completed = co_await CompleteAndCancel(
        GetParam(), acquire, [&] { limiter.set_total(1); });

    EXPECT_EQ(completed, complete_first());
    EXPECT_EQ(limiter.borrowed(), 0u);
    EXPECT_EQ(limiter.available(), 1u);
    EXPECT_EQ(limiter.statistics().tasks_waiting, 0u);
  });
}

TEST_P(CancellationTest, Condition) {
  InRun([]() -> Task<> {
    Lock lock;
    Condition condition(lock);
    bool held_at_the_end = false;
    struct CheckAtExit {
      ~CheckAtExit() { *held = guard.is_held(); }
      LockGuard& guard;
      bool* held;
    };
    auto wait = [&]() -> Task<> {
      LockGuard guard = co_await lock.Acquire();
      CheckAtExit check{guard, &held_at_the_end};
      co_await condition.Wait(guard);
    };

    const bool completed = co_await CompleteAndCancel(
        GetParam(), wait, [&] { condition.Notify(); });

    EXPECT_EQ(completed, complete_first());
    EXPECT_TRUE(held_at_the_end);
    EXPECT_FALSE(lock.is_locked());
    EXPECT_EQ(condition.statistics().tasks_waiting, 0u);
  });
}

TEST_P(CancellationTest, ChannelReceive) {
  InRun([]() -> Task<> {
    auto channel = MakeChannel<std::unique_ptr<int>>(1);
    Sender<std::unique_ptr<int>>& send = channel.first;
    Receiver<std::unique_ptr<int>>& receive = channel.second;
    auto take = [&]() -> Task<> {
      std::optional<std::unique_ptr<int>> value = co_await receive.Receive();
      EXPECT_EQ(**value, 5);
    };

    const bool completed = co_await CompleteAndCancel(GetParam(), take, [&] {
      EXPECT_THAT(send.TrySend(std::make_unique<int>(5)), IsOk());
    });

    EXPECT_EQ(completed, complete_first());
    EXPECT_EQ(receive.TryReceive().ok(), !complete_first());
    EXPECT_EQ(receive.statistics().tasks_waiting_to_receive, 0u);
  });
}

TEST_P(CancellationTest, ChannelSend) {
  InRun([]() -> Task<> {
    auto channel = MakeChannel<std::unique_ptr<int>>(0);
    Sender<std::unique_ptr<int>>& send = channel.first;
    Receiver<std::unique_ptr<int>>& receive = channel.second;
    auto give = [&]() -> Task<> {
      absl::Status sent = co_await send.Send(std::make_unique<int>(5));
      EXPECT_THAT(sent, IsOk());
    };

    const bool completed = co_await CompleteAndCancel(GetParam(), give, [&] {
      absl::StatusOr<std::unique_ptr<int>> taken = receive.TryReceive();
      EXPECT_EQ(taken.ok(), complete_first());
      if (!taken.ok()) {
        EXPECT_TRUE(IsWouldBlock(taken.status())) << taken.status();
      }
    });

    EXPECT_EQ(completed, complete_first());
    EXPECT_EQ(send.statistics().tasks_waiting_to_send, 0u);
  });
}

TEST_P(CancellationTest, ClosingAHandle) {
  InRun([]() -> Task<> {
    auto channel = MakeChannel<int>(0);
    auto give = [&]() -> Task<> {
      absl::Status sent = co_await channel.first.Send(5);
      EXPECT_TRUE(IsClosedResource(sent)) << sent;
    };

    const bool completed = co_await CompleteAndCancel(
        GetParam(), give, [&] { channel.first.Close(); });

    EXPECT_EQ(completed, complete_first());
  });
}

// An operation that could complete at once is a cancel point all the same, and
// then has no effect.
TEST(CancelPointTest, EveryOperationIsOne) {
  InRun([]() -> Task<> {
    Event event;
    event.Set();
    Lock lock;
    Semaphore semaphore(1);
    CapacityLimiter limiter(1);
    auto channel = MakeChannel<int>(2);
    EXPECT_THAT(channel.first.TrySend(1), IsOk());

    EXPECT_TRUE(
        co_await IsCancelPoint([&]() -> Task<> { co_await event.Wait(); }));
    EXPECT_TRUE(co_await IsCancelPoint(
        [&]() -> Task<> { LockGuard guard = co_await lock.Acquire(); }));
    EXPECT_TRUE(co_await IsCancelPoint(
        [&]() -> Task<> { (co_await semaphore.Acquire()).Forget(); }));
    EXPECT_TRUE(co_await IsCancelPoint(
        [&]() -> Task<> { CapacityToken t = co_await limiter.Acquire(); }));
    EXPECT_TRUE(co_await IsCancelPoint(
        [&]() -> Task<> { (co_await channel.first.Send(2)).IgnoreError(); }));
    EXPECT_TRUE(co_await IsCancelPoint(
        [&]() -> Task<> { (void)co_await channel.second.Receive(); }));

    EXPECT_FALSE(lock.is_locked());
    EXPECT_EQ(semaphore.available(), 1u);
    EXPECT_EQ(limiter.borrowed(), 0u);
    EXPECT_EQ(channel.first.statistics().buffer_used, 1u);
  });
}

}  // namespace
}  // namespace creche
