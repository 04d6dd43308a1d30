// SPDX-License-Identifier: Apache-2.0

#include "creche/core/suspend.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

// An operation that is completed by hand.
struct Device {
  Waker waker;
  Abort answer = Abort::kDone;
  int starts = 0;
  int aborts = 0;

  Task<> Wait() {
    co_await Suspend(
        [this](Waker w) {
          ++starts;
          waker = std::move(w);
        },
        [this] {
          ++aborts;
          return answer;
        });
  }
};

// Runs `wait` in a scope beside `beside`. Returns "completed" or "cancelled".
template <typename Beside>
std::string RunBeside(Device& device, Beside beside) {
  std::string outcome;
  Expect(RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      CancelScope scope;
      auto other = [&]() -> Task<> {
        co_await Checkpoint();
        co_await beside(scope);
      };
      nursery.StartSoon(other);
      const bool completed = co_await scope.Run(device.Wait());
      outcome = completed ? "completed" : "cancelled";
      EXPECT_EQ(scope.cancelled_caught(), !completed);
    };
    Expect(co_await WithNursery(body));
  }));
  return outcome;
}

TEST(SuspendTest, WaitsUntilWoken) {
  Device device;
  EXPECT_EQ(RunBeside(device,
                      [&](CancelScope&) -> Task<> {
                        co_await SleepFor(absl::Seconds(1));
                        std::move(device.waker).Wake();
                      }),
            "completed");
  EXPECT_EQ(device.aborts, 0);
}

TEST(SuspendTest, MayBeWokenAtOnce) {
  std::string trace;
  Expect(RunMockedInOrder([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        trace += 'x';
        co_return;
      });
      co_await Suspend([](Waker waker) { waker.Wake(); },
                       [] { return Abort::kDone; });
      trace += '1';
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "x1");  // A schedule point all the same.
}

// The abort function runs inside Cancel().
TEST(SuspendTest, AbortsInsideCancel) {
  Device device;
  EXPECT_EQ(RunBeside(device,
                      [&](CancelScope& scope) -> Task<> {
                        scope.Cancel();
                        EXPECT_EQ(device.aborts, 1);
                        co_return;
                      }),
            "cancelled");
}

// Complete, then cancel.
TEST(SuspendTest, CompletionBeforeTheCancellationWins) {
  Device device;
  EXPECT_EQ(RunBeside(device,
                      [&](CancelScope& scope) -> Task<> {
                        std::move(device.waker).Wake();
                        scope.Cancel();
                        co_return;
                      }),
            "completed");
  EXPECT_EQ(device.aborts, 0);
}

// Trio: test_failed_abort. The operation completes after all.
TEST(SuspendTest, CompletionAfterAPendingAbortIsDelivered) {
  Device device;
  device.answer = Abort::kPending;
  EXPECT_EQ(RunBeside(device,
                      [&](CancelScope& scope) -> Task<> {
                        scope.Cancel();
                        co_await SleepFor(absl::Seconds(1));
                        std::move(device.waker).Wake();
                      }),
            "completed");
  EXPECT_EQ(device.aborts, 1);
}

// Trio: test_failed_abort. And the next checkpoint unwinds.
TEST(SuspendTest, CancellationWaitsForTheNextCheckpointAfterACompletion) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    Device device;
    device.answer = Abort::kPending;
    auto wait = [&]() -> Task<> {
      co_await device.Wait();
      trace += 'a';
      co_await Checkpoint();
      trace += 'b';
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await Checkpoint();
      co_await Checkpoint();
      nursery.Cancel();
      std::move(device.waker).Wake();
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "a");
}

// Trio: test_slow_abort_edge_cases. Aborted once, however often cancelled; a
// shield comes too late.
TEST(SuspendTest, LateAbortUnwindsInSpiteOfALateShield) {
  Device device;
  device.answer = Abort::kPending;
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    CancelScope inner;
    auto shielded_too_late = [&]() -> Task<> {
      co_await inner.Run(device.Wait());
      trace += "passed";
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(shielded_too_late);
      co_await Checkpoint();
      co_await Checkpoint();
      nursery.Cancel();
      inner.set_shield(true);
      inner.set_shield(false);
      inner.Cancel();
      EXPECT_EQ(device.aborts, 1);
      std::move(device.waker).Aborted();
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(device.aborts, 1);
  EXPECT_EQ(trace, "");
}

TEST(SuspendTest, DoesNotStartIfCancelled) {
  Device device;
  Expect(RunMocked([&]() -> Task<> {
    EXPECT_FALSE(co_await MoveOnAfter(absl::ZeroDuration(), device.Wait()));
  }));
  EXPECT_EQ(device.starts, 0);
  EXPECT_EQ(device.aborts, 0);
}

TEST(SuspendTest, StartMayCancelItsOwnScope) {
  Device device;
  Expect(RunMocked([&]() -> Task<> {
    CancelScope scope;
    EXPECT_FALSE(co_await scope.Run([&]() -> Task<> {
      co_await Suspend([&](Waker) { scope.Cancel(); },
                       [&] {
                         ++device.aborts;
                         return Abort::kDone;
                       });
    }));
  }));
  EXPECT_EQ(device.aborts, 1);
}

// An abort function may find that the operation has completed just now.
TEST(SuspendTest, AbortMayComplete) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    Waker waker;
    CancelScope scope({.timeout = absl::Seconds(1)});
    co_await scope.Run([&]() -> Task<> {
      co_await Suspend([&](Waker w) { waker = std::move(w); },
                       [&] {
                         std::move(waker).Wake();
                         return Abort::kPending;
                       });
      trace += "completed";
    });
    EXPECT_FALSE(scope.cancelled_caught());
  }));
  EXPECT_EQ(trace, "completed");
}

}  // namespace
}  // namespace creche
