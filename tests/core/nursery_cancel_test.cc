// SPDX-License-Identifier: Apache-2.0
//
// A nursery as a cancel scope: who is in it, what it gives when it was
// cancelled, and why it was.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

const absl::Status kError = absl::DataLossError("lost");

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

Task<> SleepForeverInATask() { co_await SleepForever(); }

Task<absl::Status> FailLater() {
  co_await SleepFor(absl::Seconds(1));
  co_return kError;
}

// Not from the place of the call of StartSoon().
TEST(NurseryCancelTest, ChildrenInheritTheScopesOfTheNursery) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      CancelScope scope;
      auto in_scope = [&]() -> Task<> {
        nursery.StartSoon([&]() -> Task<> {
          co_await SleepFor(absl::Seconds(5));
          trace += "child";
        });
        scope.Cancel();
        co_await Checkpoint();
      };
      EXPECT_FALSE(co_await scope.Run(in_scope));
      trace += "body ";
    };
    Expect(co_await WithNursery(body));
  }));
  EXPECT_EQ(trace, "body child");
}

TEST(NurseryCancelTest, CancelledByItsOwnScopeIsOk) {
  Expect(RunMocked([]() -> Task<absl::Status> {
    auto body = [](Nursery& nursery) -> Task<> {
      nursery.StartSoon(SleepForeverInATask);
      nursery.Cancel("enough");
      co_await SleepForever();
    };
    co_return co_await WithNursery(body);
  }));
}

TEST(NurseryCancelTest, CancelledBeforeItsValueIsCancelled) {
  auto result = RunMocked([]() -> Task<absl::StatusOr<int>> {
    auto body = [](Nursery& nursery) -> Task<int> {
      nursery.Cancel("enough");
      co_await SleepForever();
      co_return 1;
    };
    co_return co_await WithNursery(body);
  });

  EXPECT_EQ(result.status(), absl::CancelledError("cancelled: enough"));
}

// What completed completed.
TEST(NurseryCancelTest, ValueOfABodyThatCompletedIsGiven) {
  auto result = RunMocked([]() -> Task<absl::StatusOr<int>> {
    auto body = [](Nursery& nursery) -> Task<int> {
      nursery.StartSoon(SleepForeverInATask);
      nursery.Cancel();
      co_return 1;
    };
    co_return co_await WithNursery(body);
  });

  EXPECT_EQ(result.value_or(0), 1);
}

// It goes on outwards, after everyone has ended.
TEST(NurseryCancelTest, CancellationFromOutsideGoesOnOutwards) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [](Nursery& nursery) -> Task<> {
      nursery.StartSoon(
          []() -> Task<> { co_await Shield(SleepFor(absl::Seconds(3))); });
      co_await SleepForever();
    };
    auto in_scope = [&]() -> Task<> {
      absl::Status status = co_await WithNursery(body);
      ADD_FAILURE() << status;
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), in_scope));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 3);
}

TEST(NurseryCancelTest, HasADeadline) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.cancel_scope().set_deadline(start + absl::Seconds(2));
      nursery.StartSoon(SleepForeverInATask);
      co_return;
    };
    Expect(co_await WithNursery(body));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 2);
}

// Why a nursery was cancelled, as seen from the shielded `observer` in it.
template <typename Start>
std::string ReasonAfter(Start start) {
  std::string reason;
  RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      auto observer = [&]() -> Task<> {
        co_await Shield(SleepFor(absl::Seconds(9)));
        reason = nursery.cancel_scope().reason();
      };
      nursery.StartSoon(observer);
      co_return co_await start(nursery);
    };
    absl::Status status = co_await WithNursery(body);
  }).IgnoreError();
  return reason;
}

// Trio: test_cancel_reason.
TEST(NurseryCancelTest, ReasonNamesTheChildThatFailed) {
  EXPECT_EQ(ReasonAfter([](Nursery& nursery) -> Task<absl::Status> {
              nursery.StartSoon(Named("reader", FailLater));
              co_await SleepForever();
              co_return absl::OkStatus();
            }),
            "child task 'reader' failed: DATA_LOSS: lost");
  EXPECT_EQ(ReasonAfter([](Nursery& nursery) -> Task<absl::Status> {
              nursery.StartSoon(FailLater);
              co_return absl::OkStatus();
            }),
            "a child task failed: DATA_LOSS: lost");
}

// Trio: test_cancel_reason.
TEST(NurseryCancelTest, ReasonNamesTheBodyThatFailed) {
  EXPECT_EQ(ReasonAfter([](Nursery&) -> Task<absl::Status> {
              co_return co_await FailLater();
            }),
            "the nursery's body failed: DATA_LOSS: lost");
}

// Trio: test_cancel_reason. The first reason is kept.
TEST(NurseryCancelTest, FailureAfterACancellationDoesNotChangeTheReason) {
  EXPECT_EQ(ReasonAfter([](Nursery& nursery) -> Task<absl::Status> {
              nursery.Cancel("by hand");
              nursery.Cancel("again");
              co_return kError;
            }),
            "by hand");
}

// Trio: test_cancel_reason. What a cancelled body passes on is the reason from
// outside.
TEST(NurseryCancelTest, ReasonComesFromOutside) {
  EXPECT_EQ(
      ReasonAfter([](Nursery& nursery) -> Task<absl::Status> {
        nursery.cancel_scope().set_deadline(creche::Now() + absl::Seconds(1));
        co_await SleepForever();
        co_return absl::OkStatus();
      }),
      "deadline");
  std::string inner_reason;
  EXPECT_EQ(ReasonAfter([&](Nursery& nursery) -> Task<absl::Status> {
              auto observed = [&](Nursery& inner) -> Task<> {
                inner.StartSoon([&]() -> Task<> {
                  co_await Shield(SleepFor(absl::Seconds(5)));
                  inner_reason = inner.cancel_scope().reason();
                });
                nursery.Cancel("from outside");
                co_await SleepForever();
              };
              co_return co_await WithNursery(observed);
            }),
            "from outside");
  EXPECT_EQ(inner_reason, "from outside");
}

// The run's final status says why.
TEST(NurseryCancelTest, CancelledValueNamesTheReasonFromOutside) {
  auto result = RunMocked([]() -> Task<absl::Status> {
    auto body = [](Nursery& nursery) -> Task<int> {
      nursery.cancel_scope().set_deadline(creche::Now());
      co_await SleepForever();
      co_return 1;
    };
    absl::StatusOr<int> value = co_await WithNursery(body);
    co_return value.status();
  });

  EXPECT_EQ(result, absl::CancelledError("cancelled: deadline"));
}

}  // namespace
}  // namespace creche
