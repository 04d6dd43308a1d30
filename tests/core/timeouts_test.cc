// SPDX-License-Identifier: Apache-2.0

#include "creche/core/timeouts.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/error_group.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

Task<int> AnswerAfter(int seconds) {
  co_await SleepFor(absl::Seconds(seconds));
  co_return 42;
}

TEST(TimeoutsTest, MoveOnGivesTheValueOrNone) {
  Expect(RunMocked([]() -> Task<> {
    const absl::Time start = creche::Now();
    std::optional<int> value =
        co_await MoveOnAfter(absl::Seconds(2), AnswerAfter(1));
    EXPECT_EQ(value, 42);
    value = co_await MoveOnAfter(absl::Seconds(2), AnswerAfter(3));
    EXPECT_EQ(value, std::nullopt);
    EXPECT_EQ(SecondsSince(start), 3);
  }));
}

TEST(TimeoutsTest, MoveOnAtAndFailAtTakeATime) {
  Expect(RunMocked([]() -> Task<> {
    const absl::Time start = creche::Now();
    EXPECT_FALSE((co_await MoveOnAt(start + absl::Seconds(2), AnswerAfter(9)))
                     .has_value());
    absl::StatusOr<int> late =
        co_await FailAt(start + absl::Seconds(3), AnswerAfter(9));
    EXPECT_TRUE(IsTimeout(late.status()));
    EXPECT_EQ(SecondsSince(start), 3);
  }));
}

TEST(TimeoutsTest, FailGivesTheValueOrATimeout) {
  Expect(RunMocked([]() -> Task<> {
    absl::StatusOr<int> value =
        co_await FailAfter(absl::Seconds(2), AnswerAfter(1));
    EXPECT_EQ(value.value_or(0), 42);
    value = co_await FailAfter(absl::Seconds(2), AnswerAfter(3));
    EXPECT_TRUE(IsTimeout(value.status()));
    EXPECT_EQ(value.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_NE(value.status().message().find("2s"), absl::string_view::npos);
  }));
}

// The body's own error is not replaced.
TEST(TimeoutsTest, FailGivesTheBodysOwnError) {
  Expect(RunMocked([]() -> Task<> {
    auto body = []() -> Task<absl::Status> {
      co_await Shield(SleepFor(absl::Seconds(5)));
      co_return absl::DataLossError("own");
    };
    absl::Status status = co_await FailAfter(absl::Seconds(1), body);
    EXPECT_EQ(status, absl::DataLossError("own"));
  }));
}

// An error among the cancelled beats the timeout.
TEST(TimeoutsTest, FailGivesTheErrorOfACleanup) {
  Expect(RunMocked([]() -> Task<> {
    auto cleanup = []() -> Task<absl::Status> {
      co_await Shield(SleepFor(absl::Seconds(5)));
      co_return absl::DataLossError("cleanup");
    };
    auto nursery_body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(cleanup);
      co_await SleepForever();
    };
    auto body = [&]() -> Task<absl::Status> {
      co_return co_await WithNursery(nursery_body);
    };
    absl::Status status = co_await FailAfter(absl::Seconds(1), body);
    EXPECT_EQ(status, absl::DataLossError("cleanup"));
  }));
}

TEST(TimeoutsTest, UsersDeadlineExceededIsNoTimeout) {
  Expect(RunMocked([]() -> Task<> {
    auto body = []() -> Task<absl::Status> {
      co_return absl::DeadlineExceededError("the user's");
    };
    absl::Status status = co_await FailAfter(absl::Seconds(1), body);
    EXPECT_FALSE(IsTimeout(status));
  }));
}

// A timeout beats the sleep inside it.
TEST(TimeoutsTest, BeatsASleepThatEndsAtTheSameTime) {
  Expect(RunMocked([]() -> Task<> {
    EXPECT_FALSE(
        (co_await MoveOnAfter(absl::Seconds(5), AnswerAfter(5))).has_value());
  }));
}

// ... even if the sleep was there first.
TEST(TimeoutsTest, BeatsASleepThatWasArmedBefore) {
  Expect(RunMocked([]() -> Task<> {
    const absl::Time due = creche::Now() + absl::Seconds(5);
    CancelScope scope;
    auto sleeper = [&]() -> Task<> {
      EXPECT_FALSE(co_await scope.Run(SleepUntil(due)));
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(sleeper);
      co_await SleepFor(absl::Seconds(1));
      scope.set_deadline(due);
    };
    Expect(co_await WithNursery(body));
  }));
}

TEST(TimeoutsTest, NonPositiveTimeoutCancelsTheFirstCheckpoint) {
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    std::string trace;
    Expect(RunMocked([&]() -> Task<> {
      auto body = [&]() -> Task<> {
        trace += 'a';
        co_await Checkpoint();
        trace += 'b';
      };
      EXPECT_FALSE(co_await MoveOnAfter(timeout, body));
      EXPECT_FALSE(co_await MoveOnAt(absl::InfinitePast(), body));
    }));
    EXPECT_EQ(trace, "aa");
  }
}

TEST(TimeoutsTest, BodyWithoutACheckpointCompletes) {
  Expect(RunMocked([]() -> Task<> {
    auto body = []() -> Task<int> { co_return 1; };
    EXPECT_EQ(co_await MoveOnAfter(absl::ZeroDuration(), body), 1);
  }));
}

TEST(TimeoutsTest, InfiniteTimeoutNeverExpires) {
  Expect(RunMocked([]() -> Task<> {
    EXPECT_EQ(co_await MoveOnAfter(absl::InfiniteDuration(), AnswerAfter(9)),
              42);
    EXPECT_EQ(co_await MoveOnAt(absl::InfiniteFuture(), AnswerAfter(9)), 42);
  }));
}

// Trio: test_timeout_deadline_on_entry.
TEST(TimeoutsTest, CountsFromTheAwait) {
  Expect(RunMocked([]() -> Task<> {
    const absl::Time start = creche::Now();
    auto timeout = MoveOnAfter(absl::Seconds(5), SleepForever());
    co_await SleepFor(absl::Seconds(3));
    EXPECT_FALSE(co_await std::move(timeout));
    EXPECT_EQ(SecondsSince(start), 8);
  }));
}

TEST(TimeoutsTest, NestedTimeoutsExpireFromTheInsideOut) {
  std::string trace;
  Expect(RunMocked([&]() -> Task<> {
    auto inner = [&]() -> Task<> {
      EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), SleepForever()));
      trace += 'i';
      co_await SleepForever();
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(2), inner));
    trace += 'o';
  }));
  EXPECT_EQ(trace, "io");
}

// A cancellation from outside passes.
TEST(TimeoutsTest, FailPassesACancellationFromOutside) {
  Expect(RunMocked([]() -> Task<> {
    auto inner = []() -> Task<> {
      absl::Status status =
          co_await FailAfter(absl::Seconds(5), SleepForever());
      ADD_FAILURE() << status;
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), inner));
  }));
}

TEST(TimeoutsTest, ResultsOfEachKind) {
  auto result = RunMocked([]() -> Task<> {
    auto status = []() -> Task<absl::Status> { co_return absl::OkStatus(); };
    auto status_or = []() -> Task<absl::StatusOr<int>> { co_return 1; };
    std::optional<absl::Status> a =
        co_await MoveOnAfter(absl::Seconds(1), status);
    std::optional<absl::StatusOr<int>> b =
        co_await MoveOnAfter(absl::Seconds(1), status_or);
    absl::Status c = co_await FailAfter(absl::Seconds(1), status);
    absl::StatusOr<int> d = co_await FailAfter(absl::Seconds(1), status_or);
    absl::Status e = co_await FailAfter(absl::Seconds(1), Checkpoint());
    bool f = co_await MoveOnAfter(absl::Seconds(1), Checkpoint());
    EXPECT_TRUE(a->ok() && b->ok() && c.ok() && d.ok() && e.ok() && f);
  });

  Expect(result);
}

TEST(TimeoutsTest, SaysThatThereWasNoTime) {
  for (const absl::Duration timeout :
       {-absl::InfiniteDuration(), -absl::Seconds(1), absl::ZeroDuration()}) {
    const absl::Status status =
        RunMocked([timeout] { return FailAfter(timeout, SleepForever()); });
    EXPECT_TRUE(IsTimeout(status));
    EXPECT_EQ(status.message(), "not done at once, and there was no time left");
  }
  const absl::Status status =
      RunMocked([] { return FailAt(absl::InfinitePast(), SleepForever()); });
  EXPECT_EQ(status.message(), "not done by infinite-past");
}

}  // namespace
}  // namespace creche
