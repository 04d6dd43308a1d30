// SPDX-License-Identifier: Apache-2.0

#include "creche/core/cancel_scope.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

TEST(CancelScopeTest, NotesACancelThatComesAfterItsRun) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope scope({.deadline = Now() + absl::Hours(1)});
    EXPECT_TRUE(co_await scope.Run(Checkpoint()));
    EXPECT_FALSE(scope.cancel_called());
    scope.Cancel("late");
    scope.Cancel("later");
    EXPECT_TRUE(scope.cancel_called());
    EXPECT_FALSE(scope.cancelled_caught());
    EXPECT_EQ(scope.reason(), "late");
    co_await Checkpoint();
  }));
}

// Trio: test_cancel_edge_cases. Idempotent and level-triggered.
TEST(CancelScopeTest, CancelsEachCheckpointUntilItIsLeft) {
  int cancelled = 0;
  Expect(RunMocked([&]() -> Task<> {
    CancelScope scope;
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 2; ++i) {
        nursery.StartSoon([&]() -> Task<> {
          LifetimeProbe probe(&cancelled);
          co_await SleepFor(absl::Seconds(1));
          ADD_FAILURE() << "not cancelled";
        });
      }
      scope.Cancel();
      scope.Cancel();
      co_return;
    };
    const bool completed = co_await scope.Run([&]() -> Task<> {
      absl::Status status = co_await WithNursery(body);
      ADD_FAILURE() << status;
    });
    EXPECT_FALSE(completed);
    EXPECT_TRUE(scope.cancel_called());
    EXPECT_TRUE(scope.cancelled_caught());
  }));
  EXPECT_EQ(cancelled, 0);
}

// Trio: test_cancel_scope_nesting. What completed in a cancelled scope
// completed.
TEST(CancelScopeTest, CancelAfterTheLastCheckpointCatchesNothing) {
  auto result = RunMocked([]() -> Task<int> {
    CancelScope scope;
    std::optional<int> value = co_await scope.Run([&]() -> Task<int> {
      scope.Cancel();
      co_await ShieldedCheckpoint();
      co_return 1;
    });
    EXPECT_TRUE(scope.cancel_called());
    EXPECT_FALSE(scope.cancelled_caught());
    co_await Checkpoint();
    co_return value.value_or(0);
  });

  EXPECT_EQ(result.value_or(0), 1);
}

// Trio: test_cancel_scope_nesting. The outermost of the cancelled scopes
// catches, and it alone.
TEST(CancelScopeTest, OutermostCancelledScopeCatches) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope first, second, third;
    const bool completed = co_await first.Run([&]() -> Task<> {
      co_await second.Run([&]() -> Task<> {
        co_await third.Run([&]() -> Task<> {
          third.Cancel();
          second.Cancel();
          co_await SleepForever();
        });
        ADD_FAILURE() << "caught by the third";
      });
    });
    EXPECT_TRUE(completed);
    EXPECT_FALSE(first.cancelled_caught());
    EXPECT_TRUE(second.cancelled_caught());
    EXPECT_FALSE(third.cancelled_caught());
    EXPECT_TRUE(third.cancel_called());
  }));
}

TEST(CancelScopeTest, OuterScopeWinsWhenBothExpire) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope outer({.timeout = absl::Seconds(5)});
    CancelScope inner({.timeout = absl::Seconds(5)});
    auto in_outer = [&]() -> Task<> { co_await inner.Run(SleepForever()); };
    co_await outer.Run(in_outer);
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_FALSE(inner.cancelled_caught());
  }));
}

// Trio: test_cancel_unbound.
TEST(CancelScopeTest, CancelBeforeEntryCancelsTheFirstCheckpoint) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    CancelScope scope;
    scope.Cancel("early");
    EXPECT_TRUE(scope.cancel_called());
    const bool completed = co_await scope.Run([&]() -> Task<> {
      trace += "entered";
      EXPECT_TRUE(CurrentlyCancelled());
      co_await Checkpoint();
      trace += " passed";
    });
    EXPECT_FALSE(completed);
    EXPECT_EQ(scope.reason(), "early");
  }));
  EXPECT_EQ(trace, "entered");
}

TEST(CancelScopeTest, IsCancelledByAnotherTask) {
  auto woken = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    CancelScope scope;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        co_await SleepFor(absl::Seconds(2));
        scope.Cancel("enough");
      });
      co_await scope.Run(SleepForever());
    };
    Expect(co_await WithNursery(body));
    EXPECT_EQ(scope.reason(), "enough");
    co_return SecondsSince(start);
  });

  EXPECT_EQ(woken.value_or(0), 2);
}

// Trio: test_cancel_reason.
TEST(CancelScopeTest, KeepsTheFirstReason) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope scope({.timeout = absl::Seconds(1)});
    co_await scope.Run([&]() -> Task<> {
      scope.Cancel("first");
      scope.Cancel("second");
      co_await Shield(SleepFor(absl::Seconds(2)));
    });
    EXPECT_EQ(scope.reason(), "first");
  }));
}

// A cancellation never hits a task that is to run already.
TEST(CancelScopeTest, TaskThatIsToRunRunsUpToItsNextCheckpoint) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        trace += 'a';
        co_await ShieldedCheckpoint();
        trace += 'b';
        co_await Checkpoint();
        trace += 'c';
      });
      co_await Checkpoint();
      nursery.Cancel();
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "ab");
}

// The body's own destructors run inside the scope.
TEST(CancelScopeTest, DestroysLocalsBeforeItIsLeft) {
  struct AsksForTheScope {
    bool* cancelled;
    ~AsksForTheScope() { *cancelled = CurrentlyCancelled(); }
  };
  bool cancelled = false;
  Expect(RunMocked([&]() -> Task<> {
    CancelScope scope;
    co_await scope.Run([&]() -> Task<> {
      AsksForTheScope local{&cancelled};
      scope.Cancel();
      co_await Checkpoint();
    });
    EXPECT_FALSE(CurrentlyCancelled());
  }));
  EXPECT_TRUE(cancelled);
}

#if defined(__cpp_exceptions)
TEST(CancelScopeTest, ExceptionsPass) {
  Expect(RunMocked([]() -> Task<> {
    CancelScope scope;
    bool thrown = false;
    try {
      co_await scope.Run([&]() -> Task<> {
        scope.Cancel();
        throw 1;
        co_return;
      });
    } catch (int) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    EXPECT_FALSE(scope.cancelled_caught());
    co_await Checkpoint();
  }));
}

// Cancellation is no exception: no handler sees it.
TEST(CancelScopeTest, HandlersDoNotSeeACancellation) {
  Expect(RunMocked([]() -> Task<> {
    auto body = []() -> Task<> {
      try {
        co_await SleepForever();
      } catch (...) {
        ADD_FAILURE() << "caught";
      }
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), body));
  }));
}
#endif

}  // namespace
}  // namespace creche
