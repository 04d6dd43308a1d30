// SPDX-License-Identifier: Apache-2.0
//
// Who runs when: rounds, batches, seeds, fairness, and what a checkpoint
// is.

#include "lib/core/scheduler.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

Task<> Loop(std::string* trace, char name, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    *trace += name;
    co_await Checkpoint();
  }
}

std::string TraceOf(int tasks, int rounds, std::optional<std::uint64_t> seed) {
  std::string trace;
  MockClock clock;
  Expect(RunMockedOn(
      clock,
      [&]() -> Task<> {
        auto body = [&](Nursery& nursery) -> Task<> {
          for (int i = 0; i < tasks; ++i) {
            nursery.StartSoon(Loop, &trace, static_cast<char>('a' + i), rounds);
          }
          co_return;
        };
        Expect(co_await WithNursery(body));
      },
      seed));
  return trace;
}

// Trio: test_basic_interleave.
TEST(SchedulerTest, RunsTasksInRounds) {
  EXPECT_EQ(TraceOf(2, 3, std::nullopt), "ababab");
}

// Trio: test_the_trio_scheduler_is_not_deterministic.
TEST(SchedulerTest, SeedShufflesEachRound) {
  const std::string trace = TraceOf(5, 50, 1);

  EXPECT_NE(trace, TraceOf(5, 50, std::nullopt));
  for (size_t round = 0; round < trace.size(); round += 5) {
    std::string names = trace.substr(round, 5);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, "abcde");
  }
}

// Trio: test_the_trio_scheduler_is_deterministic_if_seeded.
TEST(SchedulerTest, SameSeedGivesTheSameOrder) {
  EXPECT_EQ(TraceOf(5, 50, 7), TraceOf(5, 50, 7));
  EXPECT_NE(TraceOf(5, 50, 7), TraceOf(5, 50, 8));
}

// What becomes runnable during a batch waits for the next, so tasks that yield
// or start others in a loop starve neither deadlines nor I/O.
TEST(SchedulerTest, PollsBetweenBatches) {
  struct CountingPort : FakePort {
    void Poll() override { ++polls; }
    int polls = 0;
  };
  CountingPort port;
  Expect(creche::Run({.port = &port}, []() -> Task<> {
    for (int i = 0; i < 100; ++i) co_await Checkpoint();
  }));
  EXPECT_GE(port.polls, 100);
}

TEST(SchedulerTest, PollsAnIdlePortNowAndThen) {
  struct CountingPort : FakePort {
    using EventPort::set_is_idle;
    void Poll() override { ++polls; }
    int polls = 0;
  };
  CountingPort port;
  Expect(creche::Run({.port = &port}, [&]() -> Task<> {
    port.set_is_idle(true);
    co_await Checkpoint();
    int before = port.polls;
    for (int i = 0; i < 1000; ++i) co_await Checkpoint();
    EXPECT_GE(port.polls, before + 10);
    EXPECT_LE(port.polls, before + 20);
    port.set_is_idle(false);
    before = port.polls;
    for (int i = 0; i < 100; ++i) co_await Checkpoint();
    EXPECT_EQ(port.polls, before + 100);
  }));
}

TEST(SchedulerTest, DeadlineIsNotStarvedByTasksThatYield) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    auto spin = [&]() -> Task<> {
      for (;;) {
        clock.Advance(absl::Milliseconds(1));
        co_await ShieldedCheckpoint();
        co_await CheckpointIfCancelled();
      }
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(spin);
      nursery.StartSoon(spin);
      co_await SleepFor(absl::Seconds(1));
      nursery.Cancel();
    };
    Expect(co_await WithNursery(body));
  }));
}

// Starts another like itself until the nursery is cancelled.
Task<> StartNext(Nursery* nursery) {
  if (!nursery->cancel_scope().cancel_called()) {
    nursery->StartSoon(StartNext, nursery);
  }
  co_return;
}

TEST(SchedulerTest, DeadlineIsNotStarvedByTasksThatStartOthers) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(StartNext, &nursery);
      for (int i = 0; i < 10; ++i) co_await Checkpoint();
      EXPECT_EQ(nursery.child_count(), 1u);
      nursery.StartSoon([&]() -> Task<> {
        clock.Advance(absl::Seconds(1));
        co_return;
      });
      co_await SleepFor(absl::Seconds(1));
      nursery.Cancel();
    };
    Expect(co_await WithNursery(body));
  }));
}

// (b) of trio's probed cases: what has completed beats a timeout that is due
// in the same tick.
TEST(SchedulerTest, CompletionBeatsASimultaneousTimeout) {
  struct WakingPort : FakePort {
    void Poll() override {
      if (now_due && waker) std::move(waker).Wake();
    }
    bool now_due = false;
    Waker waker;
  };
  WakingPort port;
  MockClock clock(MockClock::kManual);
  Expect(creche::Run({.clock = &clock, .port = &port}, [&]() -> Task<> {
    auto wait = [&]() -> Task<> {
      co_await Suspend([&](Waker w) { port.waker = std::move(w); },
                       [] { return Abort::kDone; });
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        EXPECT_TRUE(co_await MoveOnAfter(absl::Seconds(1), wait()));
      });
      co_await Checkpoint();
      co_await Checkpoint();
      port.now_due = true;
      clock.Advance(absl::Seconds(1));
    };
    Expect(co_await WithNursery(body));
  }));
}

TEST(CheckpointTest, YieldsAndSeesACancellationThatComesMeanwhile) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    auto victim = [&]() -> Task<> {
      trace += '1';
      co_await Checkpoint();
      trace += '2';
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(victim);
      nursery.StartSoon([&]() -> Task<> {
        nursery.Cancel();
        co_return;
      });
      co_return;
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "1");
}

TEST(CheckpointTest, IfCancelledCostsNoTurn) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Loop, &trace, 'x', 1);
      co_await CheckpointIfCancelled();
      trace += '1';
      nursery.Cancel();
      co_await CheckpointIfCancelled();
      trace += '2';
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "1x");
}

TEST(CheckpointTest, ShieldedYieldsOnly) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Loop, &trace, 'x', 1);
      nursery.Cancel();
      co_await ShieldedCheckpoint();
      trace += '1';
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "x1");
}

}  // namespace
}  // namespace creche
