// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/one_shot.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

CRECHE_TEST(OneShotTest, GivesWhatWasSetBefore) {
  OneShot<std::unique_ptr<int>> shot;
  shot.Set(std::make_unique<int>(5));
  EXPECT_TRUE(shot.statistics().is_set);
  absl::StatusOr<std::unique_ptr<int>> value = co_await shot.Get();
  CO_ASSERT_OK(value);
  EXPECT_EQ(**value, 5);
  EXPECT_FALSE(shot.statistics().is_set);
}

CRECHE_TEST(OneShotTest, GivesWhatIsSetLater) {
  OneShot<int> shot;
  auto get = [&]() -> Task<absl::Status> {
    const int value = co_await Try(shot.Get());
    EXPECT_EQ(value, 5);
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(get);
    co_await WaitAllTasksBlocked();
    EXPECT_EQ(shot.statistics().tasks_waiting, 1U);
    shot.Set(5);
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(OneShotTest, TheSetterMayOutliveIt) {
  std::optional<OneShot<int>> shot(std::in_place);
  OneShot<int>::Setter setter = shot->TakeSetter();
  shot.reset();
  setter.Set(5);
  co_return;
}

CRECHE_TEST(OneShotTest, ASetterThatGoesWithoutAValueBreaksIt) {
  OneShot<int> shot;
  auto give_up = [](OneShot<int>::Setter) -> Task<> {
    co_await SleepFor(absl::Seconds(1));
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(give_up, shot.TakeSetter());
    absl::StatusOr<int> value = co_await shot.Get();
    EXPECT_TRUE(IsBrokenResource(value.status())) << value.status();
    // And stays so.
    value = co_await shot.Get();
    EXPECT_TRUE(IsBrokenResource(value.status())) << value.status();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(OneShotTest, ASetterThatIsReplacedBreaksIts) {
  OneShot<int> first;
  OneShot<int> second;
  OneShot<int>::Setter setter = first.TakeSetter();
  setter = second.TakeSetter();
  absl::StatusOr<int> value = co_await first.Get();
  EXPECT_TRUE(IsBrokenResource(value.status())) << value.status();
  setter.Set(2);
  value = co_await second.Get();
  EXPECT_EQ(value.value(), 2);
}

CRECHE_TEST(OneShotTest, GivesItOnce) {
  OneShot<int> shot;
  shot.Set(5);
  CO_ASSERT_OK(co_await shot.Get());
  const absl::StatusOr<int> again = co_await shot.Get();
  EXPECT_THAT(again.status(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

CRECHE_TEST(OneShotTest, OneTaskWaits) {
  OneShot<int> shot;
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      co_return (co_await shot.Get()).status();
    });
    co_await WaitAllTasksBlocked();
    const absl::StatusOr<int> second = co_await shot.Get();
    EXPECT_TRUE(IsBusyResource(second.status())) << second.status();
    shot.Set(5);
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(OneShotTest, ACancelledGetHasTakenNothing) {
  OneShot<int> shot;
  const auto value = co_await MoveOnAfter(absl::Seconds(1), shot.Get());
  EXPECT_FALSE(value.has_value());
  shot.Set(5);
  const absl::StatusOr<int> later = co_await shot.Get();
  EXPECT_EQ(later.value(), 5);
}

// The value was handed over when the cancellation comes.
CRECHE_TEST(OneShotTest, ACancellationAfterSetComesTooLate) {
  OneShot<int> shot;
  CancelScope scope;
  bool has_value = false;
  auto get = [&]() -> Task<> {
    co_await scope.Run([&]() -> Task<> {
      has_value = (co_await shot.Get()).ok();
      co_await SleepForever();
    });
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(get);
    co_await WaitAllTasksBlocked();
    shot.Set(5);
    scope.Cancel();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_TRUE(has_value);
}

TEST(OneShotTest, CanBeCancelledEverywhere) {
  CancelEverywhere([]() -> Task<absl::Status> {
    OneShot<int> shot;
    auto set = [](OneShot<int>::Setter setter) -> Task<> {
      co_await SleepFor(absl::Seconds(1));
      setter.Set(5);
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(set, shot.TakeSetter());
      co_return (co_await shot.Get()).status();
    };
    co_return co_await WithNursery(body);
  });
}

TEST(OneShotDeathTest, IsSetOnce) {
  EXPECT_DEATH(
      {
        OneShot<int> shot;
        shot.Set(1);
        shot.Set(2);
      },
      "OneShot::Set\\(\\) was called twice");
  EXPECT_DEATH(
      {
        OneShot<int> shot;
        OneShot<int>::Setter setter = shot.TakeSetter();
        OneShot<int>::Setter second = shot.TakeSetter();
      },
      "OneShot::TakeSetter\\(\\) was called twice");
}

}  // namespace
}  // namespace creche
