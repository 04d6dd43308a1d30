// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/semaphore.h"

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

static_assert(!std::is_copy_constructible_v<Permit>);

TEST(SemaphoreTest, CountsPermits) {
  InRun([]() -> Task<> {
    Semaphore semaphore(2);
    {
      Permit a = co_await semaphore.Acquire();
      std::optional<Permit> b = semaphore.TryAcquire();
      EXPECT_TRUE(b.has_value());
      EXPECT_EQ(semaphore.available(), 0u);
      EXPECT_FALSE(semaphore.TryAcquire().has_value());
    }
    EXPECT_EQ(semaphore.available(), 2u);
  });
}

TEST(SemaphoreTest, AForgottenPermitDoesNotComeBack) {
  InRun([]() -> Task<> {
    Semaphore semaphore(1);
    {
      Permit permit = co_await semaphore.Acquire();
      permit.Forget();
      EXPECT_FALSE(permit.is_held());
    }
    EXPECT_EQ(semaphore.available(), 0u);
    semaphore.Release();
    EXPECT_EQ(semaphore.available(), 1u);
  });
}

TEST(SemaphoreTest, ReleasesSeveralAtOnce) {
  InNursery([](Nursery& nursery) -> Task<> {
    Semaphore semaphore(0);
    int acquired = 0;
    auto acquire = [&]() -> Task<> {
      (co_await semaphore.Acquire()).Forget();
      ++acquired;
    };
    nursery.StartSoon(acquire);
    nursery.StartSoon(acquire);
    co_await LetOthersRun();
    EXPECT_EQ(semaphore.statistics().tasks_waiting, 2u);

    semaphore.Release(3);
    EXPECT_EQ(semaphore.statistics().tasks_waiting, 0u);
    EXPECT_EQ(semaphore.statistics().available, 1u);
    co_await LetOthersRun();
    EXPECT_EQ(acquired, 2);
  });
}

TEST(SemaphoreTest, MovingAPermitOverAnotherReleasesThat) {
  InRun([]() -> Task<> {
    Semaphore semaphore(2, 2);
    Permit permit = co_await semaphore.Acquire();
    permit = co_await semaphore.Acquire();
    EXPECT_EQ(semaphore.available(), 1u);
    permit.Release();
    permit.Release();
    EXPECT_EQ(semaphore.available(), 2u);
  });
}

TEST(SemaphoreDeathTest, ReleasedBeyondItsMax) {
  Semaphore semaphore(1, 2);
  semaphore.Release();
  EXPECT_EQ(semaphore.max(), 2u);
  EXPECT_DEATH(semaphore.Release(), "more permits than the semaphore's max");
}

TEST(SemaphoreDeathTest, BeginsBeyondItsMax) {
  EXPECT_DEATH(Semaphore(3, 2), "more initial permits than its max");
}

}  // namespace
}  // namespace creche
