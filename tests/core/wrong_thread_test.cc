// SPDX-License-Identifier: Apache-2.0
//
// What belongs to a run, used on a thread without a run or with another: aborts
// and names the rule.

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task_status.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

enum class Where { kWithoutARun, kInAnotherRun };

void DoElsewhere(Where where, const std::function<void()>& what) {
  std::thread([&] {
    if (where == Where::kWithoutARun) return what();
    auto main = [&]() -> Task<> {
      what();
      co_return;
    };
    RunMocked(main).IgnoreError();
  }).join();
}

class WrongThreadDeathTest : public ::testing::TestWithParam<Where> {
 protected:
  // Does `what` elsewhere while a task is inside `scope_`, and another one in
  // `lot_`.
  void Misuse(const std::function<void(Nursery&)>& what) {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        co_await scope_.Run([] { return SleepForever(); });
      });
      nursery.StartSoon([&]() -> Task<> { co_await lot_.Park(); });
      co_await Checkpoint();
      co_await Checkpoint();
      DoElsewhere(GetParam(), [&] { what(nursery); });
      scope_.Cancel();
      lot_.UnparkAll();
      co_return;
    };
    RunNursery(body).IgnoreError();
  }

  CancelScope scope_;
  ParkingLot lot_;
  ParkingLot other_lot_;
};

TEST_P(WrongThreadDeathTest, Cancel) {
  EXPECT_DEATH(Misuse([&](Nursery&) { scope_.Cancel(); }),
               "outside of its run");
}

TEST_P(WrongThreadDeathTest, SetDeadline) {
  EXPECT_DEATH(
      Misuse([&](Nursery&) { scope_.set_deadline(absl::UnixEpoch()); }),
      "outside of its run");
}

TEST_P(WrongThreadDeathTest, SetShield) {
  EXPECT_DEATH(Misuse([&](Nursery&) { scope_.set_shield(true); }),
               "outside of its run");
}

TEST_P(WrongThreadDeathTest, CancelANursery) {
  EXPECT_DEATH(Misuse([](Nursery& nursery) { nursery.Cancel(); }),
               "outside of its run");
}

TEST_P(WrongThreadDeathTest, StartSoon) {
  EXPECT_DEATH(Misuse([](Nursery& nursery) {
                 nursery.StartSoon([]() -> Task<> { co_return; });
               }),
               "StartSoon\\(\\) was called outside of the nursery's run");
}

TEST_P(WrongThreadDeathTest, Start) {
  EXPECT_DEATH(Misuse([](Nursery& nursery) {
                 auto child = [](TaskStatus<>) -> Task<> { co_return; };
                 Task<absl::Status> start = nursery.Start(child);
               }),
               "Start\\(\\) was called outside of the nursery's run");
}

TEST_P(WrongThreadDeathTest, Unpark) {
  EXPECT_DEATH(Misuse([&](Nursery&) { lot_.Unpark(); }), "outside of its run");
}

TEST_P(WrongThreadDeathTest, Repark) {
  EXPECT_DEATH(Misuse([&](Nursery&) { lot_.Repark(other_lot_); }),
               "outside of its run");
}

TEST_P(WrongThreadDeathTest, Wake) {
  auto wake = [] {
    Waker waker;
    auto wait = [&]() -> Task<> {
      co_await Suspend([&](Waker w) { waker = std::move(w); },
                       [] { return Abort::kDone; });
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await Checkpoint();
      DoElsewhere(GetParam(), [&] { waker.Wake(); });
    };
    RunNursery(body).IgnoreError();
  };
  EXPECT_DEATH(wake(), "outside of its run");
}

TEST_P(WrongThreadDeathTest, Started) {
  auto say_started = [] {
    std::optional<TaskStatus<>> status;
    auto child = [&](TaskStatus<> s) -> Task<> {
      status = std::move(s);
      co_await SleepForever();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        absl::Status started = co_await nursery.Start(std::ref(child));
        started.IgnoreError();
      });
      for (int i = 0; i < 3; ++i) co_await Checkpoint();
      DoElsewhere(GetParam(), [&] { status->Started(); });
    };
    RunNursery(body).IgnoreError();
  };
  EXPECT_DEATH(say_started(), "outside of its run");
}

INSTANTIATE_TEST_SUITE_P(Everywhere, WrongThreadDeathTest,
                         ::testing::Values(Where::kWithoutARun,
                                           Where::kInAnotherRun));

// Before its entry, and when it has been left, a scope is of no run.
TEST(WrongThreadTest, ScopeThatIsNotInUseIsOfNoThread) {
  CancelScope scope;
  scope.set_deadline(absl::InfiniteFuture());
  scope.Cancel("early");
  bool completed = true;
  auto main = [&]() -> Task<> {
    completed = co_await scope.Run([] { return SleepForever(); });
  };
  std::thread([&] { EXPECT_THAT(RunMocked(main), IsOk()); }).join();
  scope.Cancel("late");
  scope.set_shield(true);

  EXPECT_FALSE(completed);
  EXPECT_EQ(scope.reason(), "early");
}

TEST(WrongThreadDeathTest, DeadlineOfATimeoutThatHasNotBegun) {
  const CancelScope scope({.timeout = absl::Seconds(1)});
  EXPECT_DEATH(scope.deadline(), "outside of a run");
}

}  // namespace
}  // namespace creche
