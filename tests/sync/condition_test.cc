// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/condition.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/timeouts.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

class ConditionTest : public ::testing::Test {
 protected:
  // Waits for a notification, and notes its turn.
  Task<> Wait(int id) {
    LockGuard guard = co_await lock_.Acquire();
    co_await condition_.Wait(guard);
    EXPECT_TRUE(guard.is_held());
    turns_.push_back(id);
    co_await Checkpoint();
  }
  void StartWaiting(Nursery& nursery, int count) {
    for (int id = 0; id < count; ++id) {
      nursery.StartSoon(&ConditionTest::Wait, this, id);
    }
  }

  Lock lock_;
  Condition condition_{lock_};
  std::vector<int> turns_;
};

TEST_F(ConditionTest, WaitLetsGoOfTheLock) {
  InNursery([&](Nursery& nursery) -> Task<> {
    StartWaiting(nursery, 1);
    co_await LetOthersRun();

    EXPECT_EQ(condition_.statistics().tasks_waiting, 1u);
    EXPECT_FALSE(lock_.is_locked());
    nursery.Cancel();
  });
}

// Trio: test_Condition.
TEST_F(ConditionTest, NotifyMovesAsManyAsItSays) {
  InNursery([&](Nursery& nursery) -> Task<> {
    StartWaiting(nursery, 4);
    co_await LetOthersRun();
    {
      LockGuard guard = co_await lock_.Acquire();
      condition_.Notify(2);
      EXPECT_EQ(condition_.statistics().tasks_waiting, 2u);
      EXPECT_EQ(lock_.statistics().tasks_waiting, 2u);
      co_await LetOthersRun();
      EXPECT_TRUE(turns_.empty());
    }
    co_await LetOthersRun();
    EXPECT_EQ(turns_, (std::vector<int>{0, 1}));

    condition_.NotifyAll();
    co_await LetOthersRun();
    co_await LetOthersRun();
    EXPECT_EQ(turns_, (std::vector<int>{0, 1, 2, 3}));
  });
}

// Trio: test_Condition.
TEST_F(ConditionTest, ACancelledWaitHoldsTheLockWhileItUnwinds) {
  bool held = false;
  struct CheckAtExit {
    ~CheckAtExit() { *held = guard.is_held(); }
    LockGuard& guard;
    bool* held;
  };
  auto wait = [&]() -> Task<> {
    LockGuard guard = co_await lock_.Acquire();
    CheckAtExit check{guard, &held};
    co_await condition_.Wait(guard);
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    CancelScope scope;
    auto in_scope = [&]() -> Task<> { co_await scope.Run(wait); };
    nursery.StartSoon(in_scope);
    co_await LetOthersRun();
    LockGuard guard = co_await lock_.Acquire();
    scope.Cancel();
    EXPECT_EQ(condition_.statistics().tasks_waiting, 0u);
    EXPECT_EQ(lock_.statistics().tasks_waiting, 1u);
    co_await LetOthersRun();
    EXPECT_FALSE(scope.cancelled_caught());

    guard.Release();
    co_await LetOthersRun();
    EXPECT_TRUE(scope.cancelled_caught());
    EXPECT_TRUE(held);
    EXPECT_FALSE(lock_.is_locked());
  });
}

// Inside the frame that holds the guard: it goes on with the lock.
TEST_F(ConditionTest, TheGuardHoldsAgainAfterATimeout) {
  InRun([&]() -> Task<> {
    LockGuard guard = co_await lock_.Acquire();

    const bool notified =
        co_await MoveOnAfter(absl::Seconds(1), condition_.Wait(guard));

    EXPECT_FALSE(notified);
    EXPECT_TRUE(guard.is_held());
    EXPECT_TRUE(lock_.is_locked());
  });
}

TEST_F(ConditionTest, WhoWasNotifiedBeforeItWasCancelledReturns) {
  bool returned = false;
  auto wait = [&]() -> Task<> {
    LockGuard guard = co_await lock_.Acquire();
    co_await condition_.Wait(guard);
    returned = guard.is_held();
    co_await Checkpoint();
    ADD_FAILURE() << "a cancelled task passed a checkpoint";
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    CancelScope scope;
    auto in_scope = [&]() -> Task<> { co_await scope.Run(wait); };
    nursery.StartSoon(in_scope);
    co_await LetOthersRun();
    LockGuard guard = co_await lock_.Acquire();
    condition_.Notify();
    scope.Cancel();
    co_await LetOthersRun();
    EXPECT_FALSE(returned);
    guard.Release();
    co_await LetOthersRun();
  });
  EXPECT_TRUE(returned);
  EXPECT_FALSE(lock_.is_locked());
}

TEST_F(ConditionTest, ACancelledTaskKeepsTheLockThroughout) {
  InRun([&]() -> Task<> {
    LockGuard guard = co_await lock_.Acquire();
    EXPECT_TRUE(co_await IsCancelPoint(
        [&]() -> Task<> { co_await condition_.Wait(guard); }));
    EXPECT_TRUE(guard.is_held());
  });
}

using ConditionDeathTest = ConditionTest;

TEST_F(ConditionDeathTest, TheGuardHoldsAnotherLock) {
  auto wait = [&]() -> Task<> {
    Lock other;
    LockGuard guard = co_await other.Acquire();
    co_await condition_.Wait(guard);
  };
  EXPECT_DEATH(InRun(wait), "does not hold the condition's lock");
}

}  // namespace
}  // namespace creche
