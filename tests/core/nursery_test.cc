// SPDX-License-Identifier: Apache-2.0

#include "creche/core/nursery.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/error_group.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

static_assert(!std::is_default_constructible_v<Nursery>);
static_assert(!std::is_copy_constructible_v<Nursery>);
static_assert(!std::is_move_constructible_v<Nursery>);

const absl::Status kFirst = absl::DataLossError("first");
const absl::Status kSecond = absl::NotFoundError("second");

Task<absl::Status> FailWith(absl::Status status) { co_return status; }
Task<absl::Status> FailAfterSleep(int seconds, absl::Status status) {
  co_await SleepFor(absl::Seconds(seconds));
  co_return status;
}

// Sets `*alive` while it sleeps, and must be cancelled.
Task<> SleepUntilCancelled(int* alive) {
  LifetimeProbe probe(alive);
  co_await SleepForever();
  ADD_FAILURE() << "woken";
}

Task<> Append(std::string* trace, char name, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    *trace += name;
    co_await Checkpoint();
  }
}

TEST(NurseryTest, RunsChildrenInOrderOfStarting) {
  std::string trace;

  absl::Status status = RunNurseryInOrder([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Append, &trace, 'a', 1);
    nursery.StartSoon(Append, &trace, 'b', 1);
    nursery.StartSoon(Append, &trace, 'c', 1);
    trace += '.';
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(trace, ".abc");
}

TEST(NurseryTest, GivesTheValueOfItsBody) {
  auto result = RunNursery([](Nursery&) -> Task<int> { co_return 3; });

  EXPECT_EQ(result.value_or(0), 3);
}

TEST(NurseryTest, EndsWhenEveryoneHasEnded) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [](Nursery& nursery) -> Task<> {
      nursery.StartSoon(FailAfterSleep, 3, absl::OkStatus());
      nursery.StartSoon(FailAfterSleep, 5, absl::OkStatus());
      co_await SleepFor(absl::Seconds(1));
    };
    absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 5);
}

// Trio: test_task_crash_propagation.
TEST(NurseryTest, FailingChildCancelsItsSiblingAndIsReported) {
  int alive = 0;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(SleepUntilCancelled, &alive);
    nursery.StartSoon(FailAfterSleep, 1, kFirst);
    co_return;
  });

  EXPECT_EQ(status, kFirst);
  EXPECT_EQ(alive, 0);
}

// Trio: test_main_and_task_both_crash.
TEST(NurseryTest, ReportsFailuresOfBodyAndChild) {
  absl::Status status =
      RunNurseryInOrder([](Nursery& nursery) -> Task<absl::Status> {
        nursery.StartSoon(FailWith, kFirst);
        co_await ShieldedCheckpoint();
        co_return kSecond;
      });

  EXPECT_EQ(Errors(status), (std::vector<absl::Status>{kFirst, kSecond}));
  EXPECT_EQ(status.code(), kFirst.code());
}

// Trio: test_two_child_crashes.
TEST(NurseryTest, ReportsTwoChildrenThatFailInTheSameTick) {
  absl::Status status = RunNurseryInOrder([](Nursery& nursery) -> Task<> {
    nursery.StartSoon(FailWith, kFirst);
    nursery.StartSoon(FailWith, kSecond);
    co_return;
  });

  EXPECT_EQ(Errors(status), (std::vector<absl::Status>{kFirst, kSecond}));
}

// Trio: test_child_crash_wakes_parent.
TEST(NurseryTest, FailingChildWakesASleepingBody) {
  int alive = 0;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(FailAfterSleep, 1, kFirst);
    co_await SleepUntilCancelled(&alive);
  });

  EXPECT_EQ(status, kFirst);
  EXPECT_EQ(alive, 0);
}

// The body counts as a child.
TEST(NurseryTest, FailingBodyCancelsChildren) {
  int alive = 0;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(SleepUntilCancelled, &alive);
    co_await Checkpoint();
    co_return kFirst;
  });

  EXPECT_EQ(status, kFirst);
  EXPECT_EQ(alive, 0);
}

TEST(NurseryTest, EndingBodyDoesNotCancelChildren) {
  std::string trace;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Append, &trace, 'x', 5);
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(trace, "xxxxx");
}

// A shielded body runs on.
TEST(NurseryTest, WaitsForWhatIsShielded) {
  auto ended = RunMocked([]() -> Task<double> {
    const absl::Time start = creche::Now();
    auto body = [](Nursery& nursery) -> Task<> {
      nursery.StartSoon(FailAfterSleep, 1, kFirst);
      nursery.StartSoon([]() -> Task<absl::Status> {
        co_await Shield(SleepFor(absl::Seconds(7)));
        co_return kSecond;
      });
      co_await Shield(SleepFor(absl::Seconds(5)));
    };
    absl::Status status = co_await WithNursery(body);
    EXPECT_EQ(Errors(status), (std::vector<absl::Status>{kFirst, kSecond}));
    co_return SecondsSince(start);
  });

  EXPECT_EQ(ended.value_or(0), 7);
}

// Trio: test_precancelled_task.
TEST(NurseryTest, ChildOfACancelledNurseryStartsAndUnwindsWhereItWaits) {
  std::string trace;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.Cancel();
    nursery.StartSoon([&]() -> Task<> {
      trace += "started";
      co_await SleepFor(absl::Seconds(1));
      trace += " slept";
    });
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(trace, "started");
}

// Trio: test_nursery_closure.
TEST(NurseryTest, ChildStartsAnotherAfterTheBodyHasEnded) {
  std::string trace;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<> {
      co_await SleepFor(absl::Seconds(1));
      nursery.StartSoon(Append, &trace, 'x', 2);
    });
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(trace, "xx");
}

// Trio: test_trivial_yields. Leaving a nursery is a schedule point and never a
// cancel point.
TEST(NurseryTest, EmptyNurseryInACancelledScopeYieldsAndGoesOn) {
  std::string trace;
  RunMockedInOrder([&]() -> Task<> {
    auto others = [&](Nursery& outer) -> Task<> {
      outer.StartSoon(Append, &trace, 'x', 2);
      CancelScope scope;
      const bool completed = co_await scope.Run([&]() -> Task<> {
        scope.Cancel();
        auto empty = [](Nursery&) -> Task<> { co_return; };
        absl::Status status = co_await WithNursery(empty);
        trace += '1';
        auto one = [&](Nursery& n) -> Task<> {
          n.StartSoon([&]() -> Task<> {
            trace += 'c';
            co_return;
          });
          co_return;
        };
        status.Update(co_await WithNursery(one));
        trace += '2';
        EXPECT_THAT(status, IsOk());
      });
      EXPECT_TRUE(completed);
      EXPECT_FALSE(scope.cancelled_caught());
    };
    absl::Status status = co_await WithNursery(others);
    EXPECT_THAT(status, IsOk());
  }).IgnoreError();

  EXPECT_EQ(trace, "x1xc2");
}

// Trio: test_cancel_inheritance.
TEST(NurseryTest, CancellationReachesAllGrandchildren) {
  int alive = 0;
  auto worker = [&]() -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(SleepUntilCancelled, &alive);
      nursery.StartSoon(SleepUntilCancelled, &alive);
      co_return;
    };
    absl::Status status = co_await WithNursery(body);
    ADD_FAILURE() << "the cancellation is for a scope further out";
    co_return status;
  };

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(worker);
    nursery.StartSoon(worker);
    co_await SleepFor(absl::Seconds(1));
    EXPECT_EQ(alive, 4);
    nursery.Cancel();
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(alive, 0);
}

// Trio: test_cancel_scope_exceptiongroup_filtering. Errors beat cancellation.
TEST(NurseryTest, ErrorAmongCancelledSiblingsComesOut) {
  int alive = 0;
  auto result = RunMocked([&]() -> Task<absl::Status> {
    CancelScope outer;
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 3; ++i) {
        nursery.StartSoon(SleepUntilCancelled, &alive);
      }
      nursery.StartSoon(FailAfterSleep, 1, kFirst);
      co_await Shield(SleepFor(absl::Seconds(1)));
      nursery.Cancel();
      outer.Cancel();
    };
    std::optional<absl::Status> status =
        co_await outer.Run([&]() -> Task<absl::Status> {
          absl::Status inside = co_await WithNursery(body);
          co_return inside;
        });
    EXPECT_TRUE(status.has_value());
    co_return status.value_or(absl::CancelledError());
  });

  EXPECT_EQ(result, kFirst);
  EXPECT_EQ(alive, 0);
}

// Trio: test_nursery_collapse. Statuses are flattened, in order of arrival.
TEST(NurseryTest, ErrorsOfNestedNurseriesComeInOrderOfArrival) {
  const absl::Status third = absl::InternalError("third");
  auto inner = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(FailWith, kFirst);
    nursery.StartSoon(FailWith, kSecond);
    co_return;
  };

  absl::Status status =
      RunNurseryInOrder([&](Nursery& nursery) -> Task<absl::Status> {
        nursery.StartSoon([&]() -> Task<absl::Status> {
          absl::Status errors = co_await WithNursery(inner);
          co_return errors;
        });
        co_await Shield(SleepFor(absl::Seconds(1)));
        co_return third;
      });

  EXPECT_EQ(Errors(status),
            (std::vector<absl::Status>{kFirst, kSecond, third}));
}

// Trio: test_task_tree_introspection.
TEST(NurseryTest, CountsItsChildren) {
  absl::Status status = RunNursery([](Nursery& nursery) -> Task<> {
    EXPECT_EQ(nursery.child_count(), 0u);
    nursery.StartSoon(FailAfterSleep, 1, absl::OkStatus());
    nursery.StartSoon(FailAfterSleep, 3, absl::OkStatus());
    EXPECT_EQ(nursery.child_count(), 2u);
    co_await SleepFor(absl::Seconds(2));
    EXPECT_EQ(nursery.child_count(), 1u);
    co_await SleepFor(absl::Seconds(2));
    EXPECT_EQ(nursery.child_count(), 0u);
  });

  EXPECT_THAT(status, IsOk());
}

}  // namespace
}  // namespace creche
