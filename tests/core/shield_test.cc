// SPDX-License-Identifier: Apache-2.0
//
// Shields, of Shield() and of scopes.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

TEST(ShieldTest, HidesCancellationAndDeadlineFromOutside) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = []() -> Task<> {
      co_await Shield(SleepFor(absl::Seconds(5)));
      co_await Checkpoint();
      ADD_FAILURE() << "not cancelled after the shield";
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), body));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 5);
}

TEST(ShieldTest, GivesTheResultOfItsBody) {
  auto result = RunMocked([]() -> Task<int> {
    auto body = []() -> Task<int> { co_return 3; };
    co_return co_await Shield(body);
  });

  EXPECT_EQ(result.value_or(0), 3);
}

TEST(ShieldTest, DoesNotHideWhatIsInside) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope scope({.timeout = absl::Seconds(1), .shield = true});
    EXPECT_FALSE(co_await scope.Run(SleepForever()));
    CancelScope inner({.timeout = absl::Seconds(1)});
    co_await Shield(
        [&]() -> Task<> { EXPECT_FALSE(co_await inner.Run(SleepForever())); });
  }));
}

// Trio: test_cancel_shielding. On and off decide at each checkpoint. (A
// cancellation unwinds, so each step needs a task of its own.)
TEST(ShieldTest, CountsAsItIsAtEachCheckpoint) {
  std::string trace;
  Expect(RunMockedInOrder([&]() -> Task<> {
    CancelScope outer, inner;
    auto child = [&](char name) -> Task<> {
      co_await Checkpoint();
      trace += name;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      outer.Cancel();
      inner.set_shield(true);
      nursery.StartSoon(child, 'a');
      co_await Checkpoint();
      co_await Checkpoint();
      inner.set_shield(false);
      nursery.StartSoon(child, 'b');
      co_await ShieldedCheckpoint();
      co_await ShieldedCheckpoint();
      trace += '.';
    };
    auto in_inner = [&]() -> Task<> {
      absl::Status status = co_await WithNursery(body);
      ADD_FAILURE() << status;
    };
    auto in_outer = [&]() -> Task<> {
      EXPECT_FALSE(co_await inner.Run(in_inner));
      ADD_FAILURE() << "caught by the inner scope";
    };
    EXPECT_FALSE(co_await outer.Run(in_outer));
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_FALSE(inner.cancelled_caught());
  }));
  EXPECT_EQ(trace, "a.");
}

// Trio: test_cancel_shielding. At its end the inner scope catches its own
// cancellation behind its shield.
TEST(ShieldTest, ShieldedScopeCatchesItsOwnCancellation) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope outer, inner({.shield = true});
    auto in_outer = [&]() -> Task<> {
      outer.Cancel();
      inner.Cancel();
      EXPECT_FALSE(co_await inner.Run(Checkpoint()));
      EXPECT_TRUE(inner.cancelled_caught());
      co_await Checkpoint();
    };
    EXPECT_FALSE(co_await outer.Run(in_outer));
    EXPECT_TRUE(outer.cancelled_caught());
  }));
}

// Trio: test_cancel_shield_abort.
TEST(ShieldTest, LiftingItWakesASleepingTaskAtOnce) {
  auto woken = RunMockedInOrder([]() -> Task<double> {
    const absl::Time start = creche::Now();
    CancelScope outer, inner({.shield = true});
    auto sleep = [&]() -> Task<> { co_await inner.Run(SleepForever()); };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(sleep);
      co_await SleepFor(absl::Seconds(1));
      outer.Cancel();
      co_await Shield(SleepFor(absl::Seconds(1)));
      EXPECT_EQ(nursery.child_count(), 1u);
      inner.set_shield(false);
      co_await ShieldedCheckpoint();
      EXPECT_EQ(nursery.child_count(), 0u);
    };
    auto in_outer = [&]() -> Task<> { Expect(co_await WithNursery(body)); };
    EXPECT_FALSE(co_await outer.Run(in_outer));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(woken.value_or(0), 2);
}

// Trio: test_unshield_while_cancel_propagating. Who catches is decided when the
// scope is left.
TEST(ShieldTest, RaisedWhileUnwindingLetsTheOuterScopeCatch) {
  struct RaisesShield {
    CancelScope* scope;
    explicit RaisesShield(CancelScope* s) : scope(s) {}
    ~RaisesShield() { scope->set_shield(true); }
  };
  Expect(RunMocked([]() -> Task<> {
    CancelScope outer, inner;
    auto in_inner = [&]() -> Task<> {
      RaisesShield at_exit(&inner);
      outer.Cancel();
      co_await Checkpoint();
    };
    auto in_outer = [&]() -> Task<> { co_await inner.Run(in_inner); };
    co_await outer.Run(in_outer);
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_FALSE(inner.cancelled_caught());
  }));
}

// Toggling it while unwinding changes who catches.
TEST(ShieldTest, RaisedWhileUnwindingLetsACancelledInnerScopeCatch) {
  struct RaisesShield {
    CancelScope* scope;
    explicit RaisesShield(CancelScope* s) : scope(s) {}
    ~RaisesShield() { scope->set_shield(true); }
  };
  Expect(RunMocked([]() -> Task<> {
    CancelScope outer, inner;
    auto in_inner = [&]() -> Task<> {
      RaisesShield at_exit(&inner);
      outer.Cancel();
      inner.Cancel();
      co_await Checkpoint();
    };
    auto in_outer = [&]() -> Task<> { co_await inner.Run(in_inner); };
    EXPECT_TRUE(co_await outer.Run(in_outer));
    EXPECT_FALSE(outer.cancelled_caught());
    EXPECT_TRUE(inner.cancelled_caught());
  }));
}

// Trio: test_fail_after_fails_even_if_shielded.
TEST(ShieldTest, TimeoutBehindAShieldFailsInACancelledScope) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    CancelScope outer;
    outer.Cancel();
    auto in_outer = [&]() -> Task<> {
      absl::Status status = co_await Shield([]() -> Task<absl::Status> {
        co_return co_await FailAfter(absl::Seconds(3), SleepForever());
      });
      EXPECT_TRUE(IsTimeout(status)) << status;
    };
    co_await outer.Run(in_outer);
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 3);
}

}  // namespace
}  // namespace creche
