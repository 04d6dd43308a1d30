// SPDX-License-Identifier: Apache-2.0
//
// Every suspending function of core and sync, cancelled at each of its points.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/clock.h"
#include "creche/core/combinators.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task_local.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/sync/broadcast.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"
#include "creche/sync/watch.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/sequencer.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

struct Case {
  const char* name;
  Task<absl::Status> (*body)();
};

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

// Runs `waits` while a second task does `later` after a while, shielded from
// what cancels the first.
template <typename Waits, typename Later>
Task<absl::Status> WithALaterEvent(Waits waits, Later later) {
  auto shielded = [&]() -> Task<> {
    co_await Shield(SleepFor(absl::Seconds(1)));
    later();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(shielded);
    co_await waits();
  };
  co_return co_await WithNursery(body);
}

Task<> Sleepy(int seconds) { co_await SleepFor(absl::Seconds(seconds)); }
Task<int> SleepyInt(int seconds) {
  co_await SleepFor(absl::Seconds(seconds));
  co_return seconds;
}
Task<absl::Status> SleepyStatus(int seconds) {
  co_await SleepFor(absl::Seconds(seconds));
  co_return absl::OkStatus();
}

Task<absl::Status> Checkpoints() {
  co_await Checkpoint();
  co_await CheckpointIfCancelled();
  co_await ShieldedCheckpoint();
  co_return absl::OkStatus();
}

Task<absl::Status> Sleeps() {
  co_await SleepFor(absl::Seconds(1));
  co_await SleepUntil(Now() + absl::Seconds(1));
  co_await SleepFor(absl::ZeroDuration());
  co_await MoveOnAfter(absl::Seconds(1), SleepForever());
  co_return absl::OkStatus();
}

Task<absl::Status> Scopes() {
  CancelScope scope;
  co_await scope.Run(Sleepy(1));
  co_await Shield(Sleepy(1));
  co_await MoveOnAfter(absl::Seconds(1), Sleepy(2));
  co_await MoveOnAt(Now() + absl::Seconds(2), Sleepy(1));
  (co_await FailAfter(absl::Seconds(1), Sleepy(2))).IgnoreError();
  co_return co_await FailAt(Now() + absl::Seconds(2), Sleepy(1));
}

Task<absl::Status> Nurseries() {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(Sleepy, 2);
    nursery.StartSoon(SleepyStatus, 1);
    co_await SleepFor(absl::Seconds(1));
    nursery.StartSoon(Sleepy, 3);
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

Task<> ServeOn(int number, TaskStatus<int> status) {
  co_await SleepFor(absl::Seconds(1));
  status.Started(number);
  co_await SleepFor(absl::Seconds(1));
}

Task<absl::Status> Start() {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    absl::StatusOr<int> number = co_await nursery.Start<int>(ServeOn, 7);
    co_await SleepFor(absl::Milliseconds(1));
    co_return number.status();
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> Cleanups() {
  bool cleaned = false;
  auto cleanup = [&]() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    cleaned = true;
  };
  co_await WithCleanup(Sleepy(1), cleanup);
  co_await WithCleanup(Sleepy(1), cleanup, absl::Seconds(2));
  EXPECT_TRUE(cleaned);
  co_return absl::OkStatus();
}

Task<absl::Status> WhenAllOf() {
  co_await Try(WhenAll(SleepyInt(1), Sleepy(2), SleepyStatus(3)));
  std::vector<Task<int>> tasks;
  tasks.push_back(SleepyInt(1));
  tasks.push_back(SleepyInt(2));
  auto all = WhenAll(std::move(tasks));
  co_return (co_await std::move(all)).status();
}

Task<absl::Status> Races() {
  co_await Race(SleepyInt(1), Sleepy(2));
  co_await Race(SleepyInt(1), Sleepy(1));
  co_return absl::OkStatus();
}

TaskLocal<int> local;

Task<absl::Status> TaskLocals() {
  co_await local.With(1, Sleepy(1));
  co_return absl::OkStatus();
}

Task<absl::Status> Suspends() {
  Waker waker;
  co_return co_await WithALaterEvent(
      [&]() -> Task<> {
        auto start = [&](Waker w) { waker = std::move(w); };
        auto abort = [&] {
          waker = Waker();
          return Abort::kDone;
        };
        co_await Suspend(start, abort);
      },
      [&] {
        if (waker) std::move(waker).Wake();
      });
}

Task<absl::Status> SlowAborts() {
  Waker waker;
  bool is_aborting = false;
  co_return co_await WithALaterEvent(
      [&]() -> Task<> {
        auto start = [&](Waker w) { waker = std::move(w); };
        auto abort = [&] {
          is_aborting = true;
          return Abort::kPending;
        };
        co_await Suspend(start, abort);
      },
      [&] {
        if (!waker) return;
        is_aborting ? std::move(waker).Aborted() : std::move(waker).Wake();
      });
}

Task<absl::Status> ParkingLots() {
  ParkingLot lot;
  co_return co_await WithALaterEvent([&]() -> Task<> { co_await lot.Park(); },
                                     [&] { lot.UnparkAll(); });
}

Task<absl::Status> Events() {
  Event event;
  co_return co_await WithALaterEvent(
      [&]() -> Task<> {
        co_await event.Wait();
        co_await event.Wait();
      },
      [&] { event.Set(); });
}

// Several tasks want what one can have; it must be free in the end.
template <typename Resource>
Task<absl::Status> Contend(Resource& resource) {
  auto use = [&]() -> Task<> {
    for (int i = 0; i < 2; ++i) {
      auto held = co_await resource.Acquire();
      co_await Checkpoint();
    }
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 3; ++i) nursery.StartSoon(use);
    co_return;
  };
  auto contest = [&]() -> Task<> {
    const absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
  };
  auto check = [&]() -> Task<> {
    EXPECT_TRUE(resource.TryAcquire().has_value()) << "it was not given back";
    co_return;
  };
  co_await WithCleanup(contest, check);
  co_return absl::OkStatus();
}

Task<absl::Status> Locks() {
  Lock lock;
  co_return co_await Contend(lock);
}
Task<absl::Status> Semaphores() {
  Semaphore semaphore(1);
  co_return co_await Contend(semaphore);
}
Task<absl::Status> Limiters() {
  CapacityLimiter limiter(1);
  co_return co_await Contend(limiter);
}

Task<absl::Status> Conditions() {
  Lock lock;
  Condition condition(lock);
  auto wait = [&]() -> Task<> {
    LockGuard guard = co_await lock.Acquire();
    co_await condition.Wait(guard);
  };
  auto notify = [&]() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    LockGuard guard = co_await lock.Acquire();
    condition.NotifyAll();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(wait);
    nursery.StartSoon(wait);
    nursery.StartSoon(notify);
    co_return;
  };
  co_return co_await WithNursery(body);
}

// What was sent has been received, is in the buffer, or was never sent.
Task<absl::Status> ChannelOf(size_t capacity) {
  auto [sender, receiver] = MakeChannel<int>(capacity);
  int sent = 0;
  int received = 0;
  auto send = [&]() -> Task<> {
    for (int i = 0; i < 3; ++i) {
      if ((co_await sender.Send(i)).ok()) ++sent;
    }
  };
  auto receive = [&]() -> Task<> {
    for (int i = 0; i < 3; ++i) {
      if ((co_await receiver.Receive()).has_value()) ++received;
    }
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(send);
    nursery.StartSoon(receive);
    co_return;
  };
  auto exchange = [&]() -> Task<> {
    (co_await WithNursery(body)).IgnoreError();
  };
  auto check = [&]() -> Task<> {
    while (receiver.TryReceive().ok()) ++received;
    // A task that is cancelled right after its operation has not counted it.
    EXPECT_LE(received, 3);
    EXPECT_LE(sent - received, 1);
    EXPECT_LE(received - sent, 1);
    co_return;
  };
  co_await WithCleanup(exchange, check);
  co_return absl::OkStatus();
}
Task<absl::Status> RendezvousChannels() { co_return co_await ChannelOf(0); }
Task<absl::Status> BufferedChannels() { co_return co_await ChannelOf(2); }

Task<absl::Status> Selects() {
  Event never;
  auto [sender, receiver] = MakeChannel<int>(0);
  auto send = [&]() -> Task<> { (co_await sender.Send(1)).IgnoreError(); };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(send);
    co_await Select(receiver.Receive(), never.Wait(),
                    SleepFor(absl::Seconds(5)));
    co_await Select(never.Wait(), SleepFor(absl::Seconds(5)));
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> Broadcasts() {
  Broadcast<int> broadcast(2);
  auto subscription = broadcast.Subscribe();
  co_return co_await WithALaterEvent(
      [&]() -> Task<> { EXPECT_THAT(co_await subscription.Receive(), IsOk()); },
      [&] { broadcast.Send(1).IgnoreError(); });
}

Task<absl::Status> Watches() {
  Watch<int> watch(0);
  co_return co_await WithALaterEvent(
      [&]() -> Task<> {
        auto is_one = [](int value) { return value == 1; };
        co_await watch.WaitUntil(is_one);
      },
      [&] { watch.Set(1); });
}

Task<absl::Status> Quiescence() {
  co_await WaitAllTasksBlocked();
  co_return absl::OkStatus();
}

constexpr Case kCases[] = {
    {"Checkpoints", Checkpoints},
    {"Sleeps", Sleeps},
    {"Scopes", Scopes},
    {"Nurseries", Nurseries},
    {"Start", Start},
    {"Cleanups", Cleanups},
    {"WhenAll", WhenAllOf},
    {"Races", Races},
    {"TaskLocals", TaskLocals},
    {"Suspends", Suspends},
    {"SlowAborts", SlowAborts},
    {"ParkingLots", ParkingLots},
    {"Events", Events},
    {"Locks", Locks},
    {"Semaphores", Semaphores},
    {"Limiters", Limiters},
    {"Conditions", Conditions},
    {"RendezvousChannels", RendezvousChannels},
    {"BufferedChannels", BufferedChannels},
    {"Selects", Selects},
    {"Broadcasts", Broadcasts},
    {"Watches", Watches},
    {"Quiescence", Quiescence},
};

class SweepTest : public ::testing::TestWithParam<Case> {};

TEST_P(SweepTest, LeavesNothingBehindWhereverItIsCancelled) {
  EXPECT_GE(CancelEverywhere(GetParam().body), 2);
}

INSTANTIATE_TEST_SUITE_P(All, SweepTest, ::testing::ValuesIn(kCases), CaseName);

}  // namespace
}  // namespace creche
