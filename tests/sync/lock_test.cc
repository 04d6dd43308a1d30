// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/lock.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/internal/running.h"
#include "creche/core/timeouts.h"
#include "creche/sync/event.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

static_assert(!std::is_copy_constructible_v<LockGuard>);
static_assert(!std::is_move_constructible_v<Lock>);

TEST(LockTest, IsHeldAsLongAsItsGuardLives) {
  InRun([]() -> Task<> {
    Lock lock;
    {
      LockGuard guard = co_await lock.Acquire();
      EXPECT_TRUE(guard.is_held());
      EXPECT_TRUE(lock.is_locked());
      EXPECT_FALSE(lock.TryAcquire().has_value());
    }
    EXPECT_FALSE(lock.is_locked());
    EXPECT_TRUE(lock.TryAcquire().has_value());
  });
}

TEST(LockTest, CanBeReleasedBeforeTheGuardGoes) {
  InRun([]() -> Task<> {
    Lock lock;
    LockGuard guard = co_await lock.Acquire();

    guard.Release();
    guard.Release();

    EXPECT_FALSE(guard.is_held());
    LockGuard again = co_await lock.Acquire();
    EXPECT_TRUE(lock.is_locked());
  });
}

TEST(LockTest, MovingAGuardOverAnotherReleasesThat) {
  InRun([]() -> Task<> {
    Lock a;
    Lock b;
    LockGuard guard = co_await a.Acquire();

    guard = co_await b.Acquire();

    EXPECT_FALSE(a.is_locked());
    EXPECT_TRUE(b.is_locked());
  });
}

TEST(LockTest, StatisticsCountThoseWhoWait) {
  Lock lock;
  InNursery([&](Nursery& nursery) -> Task<> {
    LockGuard guard = co_await lock.Acquire();
    auto acquire = [](Lock& l) -> Task<> {
      LockGuard g = co_await l.Acquire();
    };
    nursery.StartSoon(acquire, std::ref(lock));
    nursery.StartSoon(acquire, std::ref(lock));
    co_await LetOthersRun();

    EXPECT_TRUE(lock.statistics().is_locked);
    EXPECT_EQ(lock.statistics().tasks_waiting, 2u);

    guard.Release();
    EXPECT_EQ(lock.statistics().tasks_waiting, 1u);
    co_await LetOthersRun();
    EXPECT_FALSE(lock.statistics().is_locked);
  });
}

// Trio: test_lock_acquire_unowned_lock. As it is here: with the task goes its
// frame, with that the guard.
TEST(LockTest, ATaskThatEndsLeavesNoLockBehind) {
  Lock lock;
  auto fail = [&]() -> Task<absl::Status> {
    LockGuard guard = co_await lock.Acquire();
    co_return absl::DataLossError("gone");
  };
  InRun([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(fail);
      co_return;
    };
    EXPECT_FALSE((co_await WithNursery(body)).ok());
    EXPECT_FALSE(lock.is_locked());
  });
}

TEST(LockTest, AGuardCanBeHandedToAnotherTask) {
  Lock lock;
  Event done;
  auto finish = [&](LockGuard guard) -> Task<> {
    co_await Checkpoint();
    guard.Release();
    done.Set();
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(finish, co_await lock.Acquire());
    co_await Checkpoint();
    EXPECT_TRUE(lock.is_locked());
    // Not the owner any more, this task may wait for the lock.
    LockGuard guard = co_await lock.Acquire();
    EXPECT_TRUE(done.is_set());
  });
}

// Neither is a task that happens to have the memory of one that has ended.
TEST(LockTest, AGuardThatOutlivesItsTaskBelongsToNobody) {
  Lock lock;
  std::unique_ptr<LockGuard> kept;
  auto keep = [&]() -> Task<> {
    kept = std::make_unique<LockGuard>(co_await lock.Acquire());
  };
  auto acquire = [&]() -> Task<> { LockGuard guard = co_await lock.Acquire(); };
  InNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(keep);
    co_await LetOthersRun();
    nursery.StartSoon(acquire);
    co_await LetOthersRun();
    EXPECT_EQ(lock.statistics().tasks_waiting, 1u);
    kept.reset();
  });
}

// Its guard is in nobody's frame any more, so it counts as held by the task
// that put it there, and by no other one that is like it.
TEST(LockTest, OwnerIsNotTakenForATaskOfAnotherRun) {
  Lock lock;
  std::optional<LockGuard> kept;
  auto keep = [&]() -> Task<> { kept.emplace(co_await lock.Acquire()); };
  bool acquired = true;
  auto acquire = [&]() -> Task<> {
    acquired =
        co_await MoveOnAfter(absl::Seconds(1), lock.Acquire()) != std::nullopt;
  };
  std::thread([&] { InRun(keep); }).join();
  std::thread([&] { InRun(acquire); }).join();
  EXPECT_FALSE(acquired);
}

TEST(LockTest, OwnerIsNotTakenForATaskFourThousandMillionLater) {
  Lock lock;
  std::optional<LockGuard> kept;
  auto keep = [&]() -> Task<> { kept.emplace(co_await lock.Acquire()); };
  bool acquired = true;
  auto acquire = [&]() -> Task<> {
    acquired =
        co_await MoveOnAfter(absl::Seconds(1), lock.Acquire()) != std::nullopt;
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    const std::uint64_t before = internal::running.newest_task_id;
    nursery.StartSoon(keep);
    co_await LetOthersRun();
    internal::running.newest_task_id = before + (std::uint64_t{1} << 32);
    nursery.StartSoon(acquire);
  };
  InNursery(body);
  EXPECT_FALSE(acquired);
}

TEST(LockDeathTest, AcquiredByItsOwner) {
  auto acquire_twice = []() -> Task<> {
    Lock lock;
    LockGuard guard = co_await lock.Acquire();
    EXPECT_FALSE(lock.TryAcquire().has_value());
    LockGuard again = co_await lock.Acquire();
  };
  EXPECT_DEATH(InRun(acquire_twice), "by the task that holds the lock already");
}

TEST(LockDeathTest, AcquiredByItsOwnerAfterItWasHandedOver) {
  Lock lock;
  auto acquire_twice = [&](Nursery& nursery) -> Task<> {
    auto twice = [](Lock& l) -> Task<> {
      LockGuard guard = co_await l.Acquire();
      LockGuard again = co_await l.Acquire();
    };
    std::optional<LockGuard> guard = lock.TryAcquire();
    nursery.StartSoon(twice, std::ref(lock));
    co_await LetOthersRun();
    guard.reset();
    co_await LetOthersRun();
  };
  EXPECT_DEATH(InNursery(acquire_twice), "would wait for itself");
}

TEST(LockDeathTest, DestroyedWhileHeld) {
  auto destroy = []() -> Task<> {
    auto lock = std::make_unique<Lock>();
    LockGuard guard = co_await lock->Acquire();
    lock.reset();
  };
  EXPECT_DEATH(InRun(destroy), "a Lock was destroyed while it is held");
}

}  // namespace
}  // namespace creche
