// SPDX-License-Identifier: Apache-2.0

#include "creche/core/try.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

const absl::Status kError = absl::DataLossError("lost");

Task<absl::Status> Succeed(bool wait) {
  if (wait) co_await Checkpoint();
  co_return absl::OkStatus();
}
Task<absl::Status> Fail(bool wait) {
  if (wait) co_await Checkpoint();
  co_return kError;
}
Task<absl::StatusOr<std::unique_ptr<int>>> Number(bool wait) {
  if (wait) co_await Checkpoint();
  co_return std::make_unique<int>(3);
}

class TryTest : public ::testing::TestWithParam<bool> {};

TEST_P(TryTest, UnwrapsWhatSucceeds) {
  auto result = RunMocked([]() -> Task<absl::StatusOr<int>> {
    co_await Try(Succeed(GetParam()));
    std::unique_ptr<int> number = co_await Try(Number(GetParam()));
    co_return *number;
  });

  EXPECT_EQ(result.value_or(0), 3);
}

TEST_P(TryTest, EndsTheCoroutineWithTheError) {
  bool went_on = false;
  auto body = [&]() -> Task<absl::StatusOr<std::string>> {
    co_await Try(Fail(GetParam()));
    went_on = true;
    co_return "text";
  };
  auto result = RunMocked([&]() -> Task<absl::Status> {
    auto text = co_await body();
    co_return text.status();
  });

  EXPECT_EQ(result, kError);
  EXPECT_FALSE(went_on);
}

TEST_P(TryTest, LocalsAreGoneWhenTheCallerGoesOn) {
  int alive = 0;
  auto body = [&](LifetimeProbe probe) -> Task<absl::Status> {
    LifetimeProbe local = probe;
    co_await Try(Fail(GetParam()));
    co_return absl::OkStatus();
  };
  RunMocked([&]() -> Task<> {
    absl::Status status = co_await body(LifetimeProbe(&alive));
    EXPECT_EQ(status, kError);
    EXPECT_EQ(alive, 0);
  }).IgnoreError();
}

TEST_P(TryTest, EndsABodyInAScope) {
  auto body = []() -> Task<absl::StatusOr<int>> {
    co_await Try(Fail(GetParam()));
    co_return 1;
  };
  RunMocked([&]() -> Task<> {
    absl::StatusOr<int> result = co_await FailAfter(absl::Seconds(1), body);
    EXPECT_EQ(result.status(), kError);
    co_await Checkpoint();
  }).IgnoreError();
}

TEST_P(TryTest, EndsAChild) {
  absl::Status result = RunMocked([]() -> Task<absl::Status> {
    auto child = []() -> Task<absl::Status> {
      co_await Try(Fail(GetParam()));
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(child);
      co_await SleepForever();
    };
    co_await Try(WithNursery(body));
    co_return absl::OkStatus();
  });

  EXPECT_EQ(result, kError);
}

TEST_P(TryTest, EndsMain) {
  absl::Status result = RunMocked([]() -> Task<absl::Status> {
    co_await Try(Fail(GetParam()));
    co_return absl::OkStatus();
  });

  EXPECT_EQ(result, kError);
}

INSTANTIATE_TEST_SUITE_P(Waits, TryTest, ::testing::Bool());

TEST(TryValueTest, UnwrapsStatusesAndValues) {
  auto result = RunMocked([]() -> Task<absl::StatusOr<int>> {
    co_await Try(absl::OkStatus());
    const int number = co_await Try(absl::StatusOr<int>(4));
    co_await Try(absl::StatusOr<std::string>(kError));
    co_return number;
  });

  EXPECT_EQ(result.status(), kError);
}

TEST(TryValueTest, TakesAwaitablesThatAreNoTasks) {
  auto result = RunMocked([]() -> Task<absl::Status> {
    co_await Try(FailAfter(absl::Seconds(1), SleepForever()));
    co_return absl::OkStatus();
  });

  EXPECT_EQ(result.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(TryValueTest, CancelledCallUnwindsThrough) {
  int alive = 0;
  auto wait = [&]() -> Task<absl::Status> {
    LifetimeProbe probe(&alive);
    co_await SleepForever();
    co_return absl::OkStatus();
  };
  auto body = [&]() -> Task<absl::Status> {
    LifetimeProbe probe(&alive);
    co_await Try(wait());
    co_return absl::OkStatus();
  };
  RunMocked([&]() -> Task<> {
    auto done = co_await MoveOnAfter(absl::Seconds(1), body);
    EXPECT_FALSE(done.has_value());
    EXPECT_EQ(alive, 0);
  }).IgnoreError();
}

#if defined(__cpp_exceptions)
TEST_P(TryTest, ExceptionsPass) {
  auto fail = []() -> Task<absl::Status> {
    if (GetParam()) co_await Checkpoint();
    throw 5;
  };
  RunMocked([&]() -> Task<absl::Status> {
    int caught = 0;
    try {
      co_await Try(fail());
    } catch (int number) {
      caught = number;
    }
    EXPECT_EQ(caught, 5);
    co_return absl::OkStatus();
  }).IgnoreError();
}
#endif

}  // namespace
}  // namespace creche
