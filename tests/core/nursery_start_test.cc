// SPDX-License-Identifier: Apache-2.0
//
// Nursery::Start() and the two lives of its child.

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/error_group.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

const absl::Status kError = absl::DataLossError("broken");

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

Task<> Nap(int seconds) { co_await SleepFor(absl::Seconds(seconds)); }

// Sleeps, says it has started, sleeps, and ends with `end`.
Task<absl::Status> Serve(int before, int after, absl::Status end,
                         TaskStatus<int> status) {
  co_await Nap(before);
  status.Started(before);
  co_await Nap(after);
  co_return end;
}

// Trio: test_nursery_start.
TEST(NurseryStartTest, GivesTheValueWhenTheChildHasStarted) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [&](Nursery& nursery) -> Task<> {
      absl::StatusOr<int> value =
          co_await nursery.Start<int>(Serve, 2, 2, absl::OkStatus());
      EXPECT_EQ(value.value_or(0), 2);
      EXPECT_EQ(SecondsSince(start), 2);
      EXPECT_EQ(nursery.child_count(), 1u);
    };
    Expect(co_await WithNursery(body));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 4);
}

TEST(NurseryStartTest, CountsTheChildOnlyOnceItHasStarted) {
  Expect(RunMocked([]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto starter = [&]() -> Task<> {
        auto value = co_await nursery.Start<int>(Serve, 2, 2, absl::OkStatus());
        EXPECT_THAT(value, IsOk());
      };
      nursery.StartSoon(starter);
      co_await Nap(1);
      EXPECT_EQ(nursery.child_count(), 1u);  // The starter.
    };
    Expect(co_await WithNursery(body));
  }));
}

// Trio: test_nursery_start.
TEST(NurseryStartTest, ErrorBeforeStartedComesOutOfStartAlone) {
  Expect(RunMocked([]() -> Task<> {
    auto fail = [](TaskStatus<>) -> Task<absl::Status> {
      co_await Nap(1);
      co_return kError;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      absl::Status status = co_await nursery.Start(fail);
      EXPECT_EQ(status, kError);
      EXPECT_FALSE(nursery.cancel_scope().cancel_called());
      status = co_await nursery.Start([](TaskStatus<> s) -> Task<> {
        s.Started();
        co_return;
      });
      EXPECT_THAT(status, IsOk());
    };
    Expect(co_await WithNursery(body));
  }));
}

// Trio: test_nursery_start.
TEST(NurseryStartTest, ChildThatEndsWithoutStartedIsAnError) {
  Expect(RunMocked([]() -> Task<> {
    auto child = [](TaskStatus<>) -> Task<> { co_await Nap(1); };
    auto body = [&](Nursery& nursery) -> Task<> {
      absl::Status status = co_await nursery.Start(child);
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_NE(status.message().find("ended without calling Started()"),
                absl::string_view::npos);
    };
    Expect(co_await WithNursery(body));
  }));
}

TEST(NurseryStartTest, ErrorAfterStartedIsTheNurserys) {
  auto result = RunMocked([]() -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto value = co_await nursery.Start<int>(Serve, 1, 1, kError);
      EXPECT_THAT(value, IsOk());
      co_await SleepForever();
    };
    co_return co_await WithNursery(body);
  });

  EXPECT_EQ(result, kError);
}

TEST(NurseryStartTest, CancelledBeforeStartedLeavesNothingInTheNursery) {
  int alive = 0;
  Expect(RunMocked([&]() -> Task<> {
    auto child = [&](TaskStatus<>) -> Task<> {
      LifetimeProbe probe(&alive);
      co_await SleepForever();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      auto started =
          co_await MoveOnAfter(absl::Seconds(1), nursery.Start(child));
      EXPECT_FALSE(started.has_value());
      EXPECT_EQ(alive, 0);
      EXPECT_EQ(nursery.child_count(), 0u);
      EXPECT_FALSE(nursery.cancel_scope().cancel_called());
    };
    Expect(co_await WithNursery(body));
  }));
}

// Until Started() the cancellation of the nursery has no effect on the child.
TEST(NurseryStartTest, ChildBelongsToItsCallerUntilStarted) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto outer = [&](Nursery& callers) -> Task<> {
      auto target = [&](Nursery& nursery) -> Task<> {
        callers.StartSoon([&]() -> Task<> {
          auto value =
              co_await nursery.Start<int>(Serve, 3, 100, absl::OkStatus());
          EXPECT_EQ(value.value_or(0), 3);
          EXPECT_EQ(SecondsSince(start), 3);
        });
        co_await Nap(1);
        nursery.Cancel();
      };
      Expect(co_await WithNursery(target));
      EXPECT_EQ(SecondsSince(start), 3);
    };
    Expect(co_await WithNursery(outer));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 3);
}

// Trio: test_nursery_start. Started() is void if the caller has been cancelled.
TEST(NurseryStartTest, CancelledCallerKeepsTheChild) {
  Expect(RunMocked([]() -> Task<> {
    auto child = [](TaskStatus<> status) -> Task<> {
      status.Started();
      co_await Checkpoint();
      ADD_FAILURE() << "not cancelled";
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      CancelScope scope;
      scope.Cancel();
      auto started = co_await scope.Run(nursery.Start(child));
      EXPECT_FALSE(started.has_value());
      EXPECT_TRUE(scope.cancelled_caught());
      EXPECT_EQ(nursery.child_count(), 0u);
    };
    Expect(co_await WithNursery(body));
  }));
}

// Trio: test_nursery_start.
TEST(NurseryStartTest, CancelledCallerGetsTheValueOfAChildThatCompleted) {
  Expect(RunMocked([]() -> Task<> {
    auto child = [](TaskStatus<int> status) -> Task<> {
      status.Started(5);
      co_return;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      CancelScope scope;
      scope.Cancel();
      auto started = co_await scope.Run(nursery.Start<int>(child));
      EXPECT_TRUE(started.has_value());
      EXPECT_EQ(started.value_or(-1).value_or(-2), 5);
      EXPECT_FALSE(scope.cancelled_caught());
    };
    Expect(co_await WithNursery(body));
  }));
}

// Trio: test_nursery_start.
TEST(NurseryStartTest, CancelledCallerGetsTheErrorOfItsChild) {
  Expect(RunMocked([]() -> Task<> {
    auto child = [](TaskStatus<> status) -> Task<absl::Status> {
      status.Started();
      co_return kError;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      CancelScope scope;
      scope.Cancel();
      auto started = co_await scope.Run(nursery.Start(child));
      EXPECT_EQ(started.value_or(absl::OkStatus()), kError);
      EXPECT_FALSE(nursery.cancel_scope().cancel_called());
    };
    Expect(co_await WithNursery(body));
  }));
}

// (f) of trio's probed cases: Start() gives its value when the child ends.
TEST(NurseryStartTest, CallerWhoseTimePassedWhileTheChildWasShielded) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto child = [](TaskStatus<int> status) -> Task<> {
      co_await Shield([&]() -> Task<> {
        co_await Nap(5);
        status.Started(7);
        co_await Nap(5);
      });
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      auto started =
          co_await MoveOnAfter(absl::Seconds(1), nursery.Start<int>(child));
      EXPECT_TRUE(started.has_value());
      EXPECT_EQ(started.value_or(-1).value_or(-2), 7);
      EXPECT_EQ(SecondsSince(start), 10);
    };
    Expect(co_await WithNursery(body));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 10);
}

// Trio: test_nursery_start_keeps_nursery_open.
class PendingStartTest : public ::testing::TestWithParam<bool> {};

TEST_P(PendingStartTest, KeepsTheNurseryOpen) {
  const bool fails = GetParam();
  auto closed = RunMocked([&]() -> Task<double> {
    const absl::Time start = creche::Now();
    double closed_at = 0;
    auto outer = [&](Nursery& callers) -> Task<> {
      auto inner = [&](Nursery& nursery) -> Task<> {
        auto late = [&](int delay) -> Task<> {
          co_await Nap(delay);
          auto child = [&](TaskStatus<int> status) -> Task<absl::Status> {
            co_await Nap(2);
            if (fails && delay == 1) co_return kError;
            status.Started(1);
            co_await Nap(3);
            co_return absl::OkStatus();
          };
          auto value = co_await nursery.Start<int>(child);
          EXPECT_EQ(value.ok(), !fails || delay == 0);
        };
        callers.StartSoon(late, 0);
        callers.StartSoon(late, 1);
        co_await Checkpoint();
        co_await Nap(1);
        co_await Checkpoint();
      };
      Expect(co_await WithNursery(inner));
      closed_at = SecondsSince(start);
    };
    Expect(co_await WithNursery(outer));
    co_return closed_at;
  });

  EXPECT_EQ(closed.value_or(0), fails ? 5 : 6);
}

INSTANTIATE_TEST_SUITE_P(Fails, PendingStartTest, ::testing::Bool());

TEST(NurseryStartTest, IgnoredStatusIsForDirectCalls) {
  Expect(RunMocked([]() -> Task<absl::Status> {
    co_return co_await Serve(1, 1, absl::OkStatus(),
                             TaskStatus<int>::Ignored());
  }));
}

TEST(NurseryStartTest, StatusMayOutliveTheStart) {
  std::optional<TaskStatus<int>> kept;
  Expect(RunMocked([&]() -> Task<> {
    auto child = [&](TaskStatus<int> status) -> Task<> {
      kept = std::move(status);
      co_return;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      auto value = co_await nursery.Start<int>(child);
      EXPECT_FALSE(value.ok());
      kept->Started(1);
    };
    Expect(co_await WithNursery(body));
  }));
}

// Another task may say Started() for the child, which sleeps.
TEST(NurseryStartTest, GrandchildMaySayStarted) {
  int alive = 0;
  Expect(RunMocked([&]() -> Task<> {
    auto child = [&](TaskStatus<> status) -> Task<> {
      LifetimeProbe probe(&alive);
      auto body = [&](Nursery& nursery) -> Task<> {
        nursery.StartSoon([&]() -> Task<> {
          co_await Nap(1);
          status.Started();
        });
        co_await SleepForever();
      };
      Expect(co_await WithNursery(body));
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      Expect(co_await nursery.Start(child));
      EXPECT_EQ(alive, 1);
      nursery.Cancel();
    };
    Expect(co_await WithNursery(body));
    EXPECT_EQ(alive, 0);
  }));
}

#if defined(__cpp_exceptions)
TEST(NurseryStartTest, ExceptionBeforeStartedComesOutAsItIs) {
  Expect(RunMocked([]() -> Task<> {
    auto child = [](TaskStatus<>) -> Task<> {
      co_await Nap(1);
      throw 42;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      int caught = 0;
      try {
        absl::Status status = co_await nursery.Start(child);
        ADD_FAILURE() << status;
      } catch (int number) {
        caught = number;
      }
      EXPECT_EQ(caught, 42);
    };
    Expect(co_await WithNursery(body));
  }));
}
#endif

}  // namespace
}  // namespace creche
