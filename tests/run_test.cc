// SPDX-License-Identifier: Apache-2.0

#include "creche/run.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

TEST(RunTest, GivesTheResultOfMain) {
  EXPECT_EQ(*RunMocked([]() -> Task<int> { co_return 3; }), 3);
  EXPECT_THAT(RunMocked([]() -> Task<> { co_return; }), IsOk());
  EXPECT_EQ(RunMocked([]() -> Task<absl::Status> {
              co_return absl::NotFoundError("x");
            }),
            absl::NotFoundError("x"));
  EXPECT_EQ(RunMocked([]() -> Task<absl::StatusOr<int>> {
              co_return absl::NotFoundError("x");
            }).status(),
            absl::NotFoundError("x"));
}

TEST(RunTest, PassesItsArguments) {
  FakePort port;
  int sum = 0;
  auto main = [](int& to, std::unique_ptr<int> number) -> Task<int> {
    to += *number;
    co_return *number;
  };

  auto result =
      creche::Run({.port = &port}, main, sum, std::make_unique<int>(4));

  EXPECT_EQ(result.value_or(0), 4);
  EXPECT_EQ(sum, 4);
}

TEST(RunTest, TakesAnyAwaitableFromMain) {
  MockClock clock;
  const absl::Time start = clock.Now();

  absl::Status status =
      RunMockedOn(clock, [] { return SleepFor(absl::Seconds(2)); });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(clock.Now() - start, absl::Seconds(2));
}

// A run inside a run is refused, and the outer one goes on.
TEST(RunTest, RefusesARunInsideARun) {
  auto result = RunMocked([]() -> Task<absl::Status> {
    absl::Status inner = RunMocked([]() -> Task<> { co_return; });
    co_await SleepFor(absl::Seconds(1));
    co_return inner;
  });

  EXPECT_EQ(result.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(RunTest, EachThreadHasItsOwnRun) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      absl::Status status = RunMocked([]() -> Task<> {
        for (int j = 0; j < 100; ++j) co_await SleepFor(absl::Seconds(1));
      });
      EXPECT_THAT(status, IsOk());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(RunTest, OneRunAfterAnother) {
  MockClock clock;
  for (int i = 0; i < 3; ++i) {
    absl::Status status = RunMockedOn(
        clock, []() -> Task<> { co_await SleepFor(absl::Seconds(1)); });
    EXPECT_THAT(status, IsOk());
  }
}

struct ReadsTheClock {
  std::string* trace;
  ~ReadsTheClock() {
    creche::Now();
    *trace += "destroyed";
  }
};

TEST(RunTest, LocalsOfAMainThatEndsEarlyAreDestroyedInsideTheRun) {
  std::string trace;

  absl::Status status = RunMocked([&]() -> Task<absl::Status> {
    ReadsTheClock local{&trace};
    co_await Try(absl::NotFoundError("x"));
    co_return absl::OkStatus();
  });

  EXPECT_EQ(status, absl::NotFoundError("x"));
  EXPECT_EQ(trace, "destroyed");
}

TEST(RunTest, FailingPortEndsItBeforeMainStarts) {
  struct BrokenPort : FakePort {
    absl::Status Open() override { return absl::UnavailableError("no port"); }
  };
  BrokenPort port;
  bool started = false;

  absl::Status status = creche::Run({.port = &port}, [&]() -> Task<> {
    started = true;
    co_return;
  });

  EXPECT_EQ(status, absl::UnavailableError("no port"));
  EXPECT_FALSE(started);
}

TEST(RunTest, DestroysArgumentsAndResults) {
  int alive = 0;
  {
    auto result = RunMocked([&]() -> Task<LifetimeProbe> {
      LifetimeProbe probe(&alive);
      co_await SleepFor(absl::Seconds(1));
      co_return probe;
    });
    EXPECT_THAT(result, IsOk());
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

#if defined(__cpp_exceptions)
TEST(RunTest, RethrowsTheExceptionOfMainAsItIs) {
  EXPECT_THROW(RunMocked([]() -> Task<> {
                 co_await SleepFor(absl::Seconds(1));
                 throw std::runtime_error("x");
               }).IgnoreError(),
               std::runtime_error);
}

TEST(RunTest, CanBeRepeatedAfterAnException) {
  EXPECT_THROW(RunMocked([]() -> Task<> {
                 throw 1;
                 co_return;
               }).IgnoreError(),
               int);
  EXPECT_THAT(RunMocked([]() -> Task<> { co_return; }), IsOk());
}

TEST(RunTest, RethrowsWhatMainThrowsBeforeItIsACoroutine) {
  auto main = [](bool fails) {
    if (fails) throw std::runtime_error("x");
    return SleepFor(absl::Seconds(1));
  };
  FakePort port;
  EXPECT_THROW(creche::Run({.port = &port}, main, true).IgnoreError(),
               std::runtime_error);
}
#endif

}  // namespace
}  // namespace creche
