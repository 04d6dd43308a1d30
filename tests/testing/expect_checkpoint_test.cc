// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/expect_checkpoint.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/instrument.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/sync/channel.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/semaphore.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CRECHE_TEST(ExpectCheckpointTest, PassesForCheckpoints) {
  co_await ExpectCheckpoint(Checkpoint());
  co_await ExpectCheckpoint(SleepFor(absl::Seconds(1)));
  co_await ExpectCheckpoint(SleepFor(absl::ZeroDuration()));
  co_await ExpectCheckpoint(WaitAllTasksBlocked());
}

CRECHE_TEST(ExpectCheckpointTest, PassesForWhatCompletesAtOnce) {
  Event event;
  event.Set();
  co_await ExpectCheckpoint(event.Wait());
  Semaphore semaphore(1);
  Permit permit = co_await ExpectCheckpoint(semaphore.Acquire());
  Lock lock;
  LockGuard guard = co_await ExpectCheckpoint(lock.Acquire());
  auto [send, receive] = MakeChannel<int>(1);
  CO_ASSERT_OK(co_await ExpectCheckpoint(send.Send(1)));
  EXPECT_EQ(co_await ExpectCheckpoint(receive.Receive()), 1);
}

Task<int> Seven() { co_return 7; }

CRECHE_TEST(ExpectNoCheckpointTest, PassesForACallAndGivesItsResult) {
  EXPECT_EQ(co_await ExpectNoCheckpoint(Seven()), 7);
}

TEST(ExpectCheckpointTest, FailsForHalfACheckpoint) {
  const std::string no_cancel_point = FailuresInRun(
      []() -> Task<> { co_await ExpectCheckpoint(ShieldedCheckpoint()); });
  EXPECT_THAT(no_cancel_point, HasSubstr("passed no cancel point"));
  EXPECT_THAT(no_cancel_point, Not(HasSubstr("not let others run")));

  const std::string no_schedule_point = FailuresInRun(
      []() -> Task<> { co_await ExpectCheckpoint(CheckpointIfCancelled()); });
  EXPECT_THAT(no_schedule_point, Not(HasSubstr("passed no cancel point")));
  EXPECT_THAT(no_schedule_point, HasSubstr("not let others run"));
}

TEST(ExpectNoCheckpointTest, FailsForHalfACheckpoint) {
  EXPECT_THAT(FailuresInRun([]() -> Task<> {
                co_await ExpectNoCheckpoint(ShieldedCheckpoint());
              }),
              HasSubstr("it has let others run"));
  EXPECT_THAT(FailuresInRun([]() -> Task<> {
                co_await ExpectNoCheckpoint(CheckpointIfCancelled());
              }),
              HasSubstr("it has passed a cancel point"));
}

CRECHE_TEST(ExpectCheckpointTest, IsNotDisturbedByOtherTasks) {
  auto other = []() -> Task<> { co_await Checkpoint(); };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(other);
    co_await Checkpoint();
    EXPECT_EQ(co_await ExpectNoCheckpoint(Seven()), 7);
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(ExpectCheckpointTest, SeesWhatCompletesAtOnceInALaterStep) {
  Event event;
  event.Set();
  auto later = [&]() -> Task<> {
    co_await ShieldedCheckpoint();
    co_await event.Wait();
  };
  co_await ExpectCheckpoint(later);
}

CRECHE_TEST(ExpectCheckpointTest, CanBeNested) {
  co_await ExpectCheckpoint(ExpectCheckpoint(Checkpoint()));
  auto call_and_wait = []() -> Task<> {
    EXPECT_EQ(co_await ExpectNoCheckpoint(Seven()), 7);
    co_await Checkpoint();
  };
  co_await ExpectCheckpoint(call_and_wait);
}

// Two tasks, of which the first to begin is also the first to end. The second
// passes its cancel point after that.
Task<absl::Status> Overlap() {
  Event second_has_begun;
  bool first_has_ended = false;
  auto first = [&]() -> Task<> {
    co_await ExpectCheckpoint(second_has_begun.Wait());
    first_has_ended = true;
  };
  auto pass_late = [&]() -> Task<> {
    second_has_begun.Set();
    // It never does if it was cancelled.
    for (int i = 0; i < 10 && !first_has_ended; ++i) {
      co_await ShieldedCheckpoint();
    }
    co_await CheckpointIfCancelled();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(first);
    co_await WaitAllTasksBlocked();
    co_await ExpectCheckpoint(pass_late);
    co_await CheckpointIfCancelled();
  };
  co_return co_await WithNursery(body);
}

CRECHE_TEST(ExpectCheckpointTest, WatchesSeveralTasksAtOnce) {
  CO_ASSERT_OK(co_await Overlap());
}

TEST(ExpectCheckpointTest, TellsTasksApart) {
  auto run = []() -> Task<> {
    Event event;
    auto other = [&]() -> Task<> { co_await ExpectCheckpoint(event.Wait()); };
    auto pass_none = [&]() -> Task<> {
      event.Set();
      for (int i = 0; i < 3; ++i) co_await ShieldedCheckpoint();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(other);
      co_await WaitAllTasksBlocked();
      co_await ExpectCheckpoint(pass_none);
    };
    CO_ASSERT_OK(co_await WithNursery(body));
  };
  const std::string failures = FailuresInRun(run);

  EXPECT_THAT(failures, HasSubstr("passed no cancel point"));
  EXPECT_EQ(failures.find("checkpoint"), failures.rfind("checkpoint"));
}

TEST(ExpectCheckpointTest, GoesWithCancelEverywhere) {
  EXPECT_GT(CancelEverywhere(Overlap), 5u);
}

class StepCounter : public Instrument {
 public:
  void StepEnds(const TaskId& /*task*/) override { ++steps; }
  int steps = 0;
};

TEST(ExpectCheckpointTest, LeavesOtherInstrumentsInPlace) {
  FakePort port;
  StepCounter counter;
  auto body = []() -> Task<> {
    co_await ExpectCheckpoint(Checkpoint());
    co_await Checkpoint();
    co_await Checkpoint();
  };
  const absl::Status status =
      creche::Run({.port = &port, .instruments = {&counter}}, body);
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(counter.steps, 3);
}

CRECHE_TEST(ExpectCheckpointTest, ExpectsNothingOfWhatIsCancelled) {
  EXPECT_FALSE(
      co_await MoveOnAfter(absl::Seconds(1), ExpectCheckpoint(SleepForever())));
  co_await Checkpoint();
}

}  // namespace
}  // namespace creche
