// SPDX-License-Identifier: Apache-2.0
//
// Fairness of everything that can serve as a lock, seven ways: the one that has
// waited longest is next, and nobody can get in between.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

class PlainLock {
 public:
  using Held = LockGuard;
  auto Acquire() { return lock_.Acquire(); }
  std::optional<Held> TryAcquire() { return lock_.TryAcquire(); }

 private:
  Lock lock_;
};

class BinarySemaphore {
 public:
  using Held = Permit;
  auto Acquire() { return semaphore_.Acquire(); }
  std::optional<Held> TryAcquire() { return semaphore_.TryAcquire(); }

 private:
  Semaphore semaphore_{1, 1};
};

class LimiterOfOne {
 public:
  using Held = CapacityToken;
  auto Acquire() { return limiter_.Acquire(); }
  std::optional<Held> TryAcquire() { return limiter_.TryAcquire(); }

 private:
  CapacityLimiter limiter_{1};
};

// One of several things a Select() could take.
class SelectedLock {
 public:
  using Held = LockGuard;
  Task<Held> Acquire() {
    auto first = co_await Select(never_.Wait(), lock_.Acquire());
    co_return std::get<1>(std::move(first));
  }
  std::optional<Held> TryAcquire() { return lock_.TryAcquire(); }

 private:
  Event never_;
  Lock lock_;
};

// Calls a function when it goes.
class Undo {
 public:
  explicit Undo(std::function<void()> undo) : undo_(std::move(undo)) {}
  Undo(Undo&& other) noexcept : undo_(std::exchange(other.undo_, nullptr)) {}
  Undo& operator=(Undo&&) = delete;
  ~Undo() {
    if (undo_) undo_();
  }

 private:
  std::function<void()> undo_;
};

// Held by whoever has put a token into the buffer.
class BufferedSend {
 public:
  using Held = Undo;
  Task<Held> Acquire() {
    absl::Status sent = co_await channel_.first.Send(0);
    EXPECT_THAT(sent, IsOk());
    co_return MakeHeld();
  }
  std::optional<Held> TryAcquire() {
    if (!channel_.first.TrySend(0).ok()) return std::nullopt;
    return MakeHeld();
  }

 private:
  Held MakeHeld() {
    return Undo([this] { EXPECT_THAT(channel_.second.TryReceive(), IsOk()); });
  }
  std::pair<Sender<int>, Receiver<int>> channel_ = MakeChannel<int>(1);
};

// Held by whoever has taken the token out of the buffer, or, without a buffer,
// has met one who puts it back.
class TokenReceived {
 public:
  using Held = Undo;
  TokenReceived() { EXPECT_THAT(channel_.first.TrySend(0), IsOk()); }
  Task<Held> Acquire() {
    std::optional<int> token = co_await channel_.second.Receive();
    EXPECT_TRUE(token.has_value());
    co_return MakeHeld();
  }
  std::optional<Held> TryAcquire() {
    if (!channel_.second.TryReceive().ok()) return std::nullopt;
    return MakeHeld();
  }

 private:
  Held MakeHeld() {
    return Undo([this] { EXPECT_THAT(channel_.first.TrySend(0), IsOk()); });
  }
  std::pair<Sender<int>, Receiver<int>> channel_ = MakeChannel<int>(1);
};

// Held by whoever was notified inside the lock.
class ConditionLock {
 public:
  using Held = Undo;
  Task<Held> Acquire() {
    LockGuard guard = co_await lock_.Acquire();
    if (is_taken_) co_await freed_.Wait(guard);
    is_taken_ = true;
    co_return MakeHeld();
  }
  std::optional<Held> TryAcquire() {
    std::optional<LockGuard> guard = lock_.TryAcquire();
    if (!guard.has_value() || is_taken_) return std::nullopt;
    is_taken_ = true;
    return MakeHeld();
  }

 private:
  // Stays taken if somebody is to have it next.
  Held MakeHeld() {
    return Undo([this] {
      is_taken_ = freed_.statistics().tasks_waiting > 0;
      freed_.Notify();
    });
  }
  Lock lock_;
  Condition freed_{lock_};
  bool is_taken_ = false;
};

template <typename LockLike>
class FairnessTest : public ::testing::Test {};
using LockLikes =
    ::testing::Types<PlainLock, BinarySemaphore, LimiterOfOne, SelectedLock,
                     BufferedSend, TokenReceived, ConditionLock>;
TYPED_TEST_SUITE(FairnessTest, LockLikes);

// Trio: test_generic_lock_fifo_fairness.
TYPED_TEST(FairnessTest, TasksThatLoopTakeTurnsInAFixedRotation) {
  TypeParam lock;
  std::vector<int> order;
  auto loop = [&](int id) -> Task<> {
    for (int round = 0; round < 3; ++round) {
      auto held = co_await lock.Acquire();
      order.push_back(id);
      co_await Checkpoint();
    }
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    for (int id = 0; id < 3; ++id) nursery.StartSoon(loop, id);
    co_return;
  });

  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
}

TYPED_TEST(FairnessTest, ExcludesUnderAnySchedule) {
  for (int seed = 0; seed < 20; ++seed) {
    TypeParam lock;
    int inside = 0;
    int rounds = 0;
    auto loop = [&]() -> Task<> {
      for (int round = 0; round < 10; ++round) {
        auto held = co_await lock.Acquire();
        EXPECT_EQ(++inside, 1);
        co_await Checkpoint();
        co_await Checkpoint();
        --inside;
        ++rounds;
      }
    };
    InNursery(
        [&](Nursery& nursery) -> Task<> {
          for (int i = 0; i < 5; ++i) nursery.StartSoon(loop);
          co_return;
        },
        seed);
    EXPECT_EQ(rounds, 50);
  }
}

// Trio: test_Semaphore.
TYPED_TEST(FairnessTest, WhoReleasesCannotBarge) {
  TypeParam lock;
  bool waiter_has_it = false;
  auto wait = [&]() -> Task<> {
    auto held = co_await lock.Acquire();
    waiter_has_it = true;
    co_await LetOthersRun();
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    std::optional<typename TypeParam::Held> held(co_await lock.Acquire());
    nursery.StartSoon(wait);
    co_await LetOthersRun();

    held.reset();
    EXPECT_FALSE(lock.TryAcquire().has_value());
    EXPECT_FALSE(waiter_has_it);

    co_await Checkpoint();
    co_await Checkpoint();
    EXPECT_TRUE(waiter_has_it);
  });
  EXPECT_TRUE(lock.TryAcquire().has_value());
}

// A waiter that was handed the lock and is cancelled then, releases it.
TYPED_TEST(FairnessTest, WhatWasHandedOverIsReleasedByACancelledTask) {
  TypeParam lock;
  InRun([&]() -> Task<> {
    std::optional<typename TypeParam::Held> held(co_await lock.Acquire());
    auto acquire = [&]() -> Task<> { auto mine = co_await lock.Acquire(); };

    const bool completed = co_await CompleteAndCancel(
        Order::kCompleteThenCancel, acquire, [&] { held.reset(); });

    EXPECT_TRUE(completed);
    EXPECT_TRUE(lock.TryAcquire().has_value());
  });
}

TYPED_TEST(FairnessTest, ACancelledWaiterIsSkipped) {
  TypeParam lock;
  int got_it = 0;
  CancelScope scope;
  auto wait = [&]() -> Task<> {
    auto held = co_await lock.Acquire();
    ++got_it;
  };
  auto wait_in_scope = [&]() -> Task<> { co_await scope.Run(wait); };
  InNursery([&](Nursery& nursery) -> Task<> {
    auto held = co_await lock.Acquire();
    nursery.StartSoon(wait);
    nursery.StartSoon(wait_in_scope);
    nursery.StartSoon(wait);
    co_await LetOthersRun();
    scope.Cancel();
  });

  EXPECT_EQ(got_it, 2);
  EXPECT_TRUE(scope.cancelled_caught());
}

}  // namespace
}  // namespace creche
