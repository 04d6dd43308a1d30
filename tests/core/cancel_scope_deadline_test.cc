// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of cancel scopes: when they are looked at, and how they move.

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

// Trio: test_cancel_unbound.
TEST(CancelScopeDeadlineTest, MovingTheDeadlineNeverUncancels) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    CancelScope scope({.deadline = creche::Now() + absl::Seconds(1)});
    EXPECT_FALSE(scope.cancel_called());
    clock.Advance(absl::Seconds(1));
    EXPECT_TRUE(scope.cancel_called());
    scope.set_deadline(absl::InfiniteFuture());
    EXPECT_TRUE(scope.cancel_called());
    EXPECT_FALSE(co_await scope.Run(Checkpoint()));
  }));
}

// Trio: test_basic_timeout.
TEST(CancelScopeDeadlineTest,
     DeadlineMovedIntoThePastCancelsTheNextCheckpoint) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    const absl::Time start = creche::Now();
    CancelScope scope({.deadline = start + absl::Seconds(10)});
    co_await scope.Run([&]() -> Task<> {
      clock.Advance(absl::Seconds(5));
      co_await Checkpoint();
      scope.set_deadline(start + absl::Seconds(1));
      EXPECT_FALSE(CurrentlyCancelled());  // Not before the next tick.
      co_await Checkpoint();
      ADD_FAILURE() << "not cancelled";
    });
    EXPECT_TRUE(scope.cancelled_caught());
    EXPECT_EQ(scope.reason(), "deadline");
  }));
}

// Trio: test_basic_timeout.
TEST(CancelScopeDeadlineTest, DeadlineAfterItWasLeftMeansNothing) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    CancelScope scope({.timeout = absl::Seconds(1)});
    EXPECT_TRUE(co_await scope.Run(Checkpoint()));
    clock.Advance(absl::Seconds(2));
    co_await Checkpoint();
    EXPECT_FALSE(scope.cancel_called());
  }));
}

// Trio: test_yield_briefly_checks_for_timeout. A checkpoint sees a deadline
// that has just passed.
TEST(CancelScopeDeadlineTest, CheckpointSeesADeadlineThatHasJustPassed) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    CancelScope scope({.timeout = absl::Seconds(5)});
    EXPECT_FALSE(co_await scope.Run([&]() -> Task<> {
      clock.Advance(absl::Seconds(10));
      co_await Checkpoint();
      ADD_FAILURE() << "not cancelled";
    }));
  }));
}

// Trio: deadlines are of scopes, absolute, and looked at once a tick.
TEST(CancelScopeDeadlineTest, OverdueDeadlineThatNobodyNoticedMayBeMoved) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    CancelScope scope({.timeout = absl::Seconds(5)});
    EXPECT_TRUE(co_await scope.Run([&]() -> Task<> {
      clock.Advance(absl::Seconds(10));
      scope.set_deadline(creche::Now() + absl::Seconds(1));
      co_await Checkpoint();
    }));
  }));
}

// Trio: deadlines are of scopes, absolute, and looked at once a tick.
TEST(CancelScopeDeadlineTest, ReadingCancelCalledNoticesADeadline) {
  MockClock clock(MockClock::kManual);
  Expect(RunMockedOn(clock, [&]() -> Task<> {
    CancelScope scope({.timeout = absl::Seconds(5)});
    EXPECT_FALSE(co_await scope.Run([&]() -> Task<> {
      clock.Advance(absl::Seconds(10));
      EXPECT_FALSE(CurrentlyCancelled());
      EXPECT_TRUE(scope.cancel_called());
      EXPECT_TRUE(CurrentlyCancelled());
      scope.set_deadline(absl::InfiniteFuture());
      co_await Checkpoint();
    }));
  }));
}

// Trio: test_current_effective_deadline.
TEST(CancelScopeDeadlineTest, EffectiveDeadlineIsTheEarliestThatIsVisible) {
  Expect(RunMocked([]() -> Task<> {
    const absl::Time start = creche::Now();
    auto at = [&](int seconds) { return start + absl::Seconds(seconds); };
    EXPECT_EQ(CurrentEffectiveDeadline(), absl::InfiniteFuture());
    CancelScope outer({.deadline = at(5)}), inner({.deadline = at(10)});
    co_await outer.Run([&]() -> Task<> {
      EXPECT_EQ(CurrentEffectiveDeadline(), at(5));
      co_await inner.Run([&]() -> Task<> {
        EXPECT_EQ(CurrentEffectiveDeadline(), at(5));
        inner.set_deadline(at(3));
        EXPECT_EQ(CurrentEffectiveDeadline(), at(3));
        inner.set_deadline(at(10));
        EXPECT_EQ(CurrentEffectiveDeadline(), at(5));
        inner.set_shield(true);
        EXPECT_EQ(CurrentEffectiveDeadline(), at(10));
        inner.set_shield(false);
        EXPECT_EQ(CurrentEffectiveDeadline(), at(5));
        outer.Cancel();
        EXPECT_EQ(CurrentEffectiveDeadline(), absl::InfinitePast());
        inner.set_shield(true);
        EXPECT_EQ(CurrentEffectiveDeadline(), at(10));
        co_return;
      });
      EXPECT_EQ(CurrentEffectiveDeadline(), absl::InfinitePast());
    });
    EXPECT_EQ(CurrentEffectiveDeadline(), absl::InfiniteFuture());
  }));
}

// Trio: test_timeout_deadline_on_entry.
TEST(CancelScopeDeadlineTest, TimeoutCountsFromEntry) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    CancelScope scope({.timeout = absl::Seconds(5)});
    EXPECT_EQ(scope.deadline(), start + absl::Seconds(5));
    co_await SleepFor(absl::Seconds(3));
    EXPECT_EQ(scope.deadline(), start + absl::Seconds(8));
    co_await scope.Run([&]() -> Task<> {
      EXPECT_EQ(scope.deadline(), start + absl::Seconds(8));
      co_await SleepForever();
    });
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 8);
}

// Trio's test_invalid_access_unentered has no equal: what is relative can be
// asked as an absolute time, too.
TEST(CancelScopeDeadlineTest, EarlierOfDeadlineAndTimeoutCounts) {
  for (const int deadline : {2, 9}) {
    auto ended = RunMocked([&]() -> Task<double> {
      const absl::Time start = creche::Now();
      CancelScope scope({.deadline = start + absl::Seconds(deadline),
                         .timeout = absl::Seconds(5)});
      co_await scope.Run(SleepForever());
      co_return SecondsSince(start);
    });
    EXPECT_EQ(ended.value_or(0), deadline == 2 ? 2 : 5);
  }
}

// Trio: test_cancel_scope_deadline_duplicates.
TEST(CancelScopeDeadlineTest, DeadlineThatMovesOftenIsDueOnce) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    CancelScope scope;
    co_await scope.Run([&]() -> Task<> {
      for (int i = 0; i < 2000; ++i) {
        scope.set_deadline(start + absl::Seconds(i % 2 == 0 ? 10 : 20));
      }
      co_await SleepForever();
    });
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 20);
}

// One scope is entered, the deadline of another is moved after that.
TEST(CancelScopeDeadlineTest, DeadlinesDueTogetherExpireInOrderOfSetting) {
  std::string trace;
  Expect(RunMockedInOrder([&]() -> Task<> {
    const absl::Time due = creche::Now() + absl::Seconds(2);
    CancelScope moved;
    auto sleep_in = [&](CancelScope* scope, char name) -> Task<> {
      co_await scope->Run(SleepForever());
      trace += name;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(sleep_in, &moved, 'm');
      co_await Checkpoint();
      CancelScope entered({.deadline = due});
      auto in_entered = [&]() -> Task<> {
        moved.set_deadline(due);
        co_await SleepForever();
      };
      co_await entered.Run(in_entered);
      trace += 'e';
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "em");
}

}  // namespace
}  // namespace creche
