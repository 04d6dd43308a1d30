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
#include "creche/testing/creche_test.h"
#include "creche/testing/fake_port.h"
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
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(counter.steps, 3);
}

CRECHE_TEST(ExpectCheckpointTest, ExpectsNothingOfWhatIsCancelled) {
  EXPECT_FALSE(
      co_await MoveOnAfter(absl::Seconds(1), ExpectCheckpoint(SleepForever())));
  co_await Checkpoint();
}

}  // namespace
}  // namespace creche
