// SPDX-License-Identifier: Apache-2.0

#include "creche/core/cleanup.h"

#include <stdexcept>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

template <typename Body>
absl::Status RunTest(Body body) {
  FakePort port;
  MockClock clock;
  return creche::Run({.clock = &clock, .port = &port}, body);
}

Task<absl::Status> FailAfterOneSecond() {
  co_await SleepFor(absl::Seconds(1));
  co_return absl::DataLossError("body");
}

TEST(WithCleanupTest, RunsAfterABodyThatCompletes) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                std::string trace;
                auto cleanup = [&]() -> Task<> {
                  co_await SleepFor(absl::Seconds(1));
                  trace += "cleanup";
                };
                auto body = [&]() -> Task<int> {
                  trace += "body ";
                  co_return 7;
                };
                EXPECT_EQ(co_await WithCleanup(body, cleanup), 7);
                EXPECT_EQ(trace, "body cleanup");
              }).ok());
}

TEST(WithCleanupTest, LocalsOfABodyThatEndsEarlyAreGoneByThen) {
  std::string trace;
  struct Local {
    std::string* trace;
    explicit Local(std::string* t) : trace(t) {}
    ~Local() { *trace += "local "; }
  };

  absl::Status status = RunTest([&]() -> Task<absl::Status> {
    auto body = [&]() -> Task<absl::Status> {
      Local local(&trace);
      co_await Try(absl::DataLossError("body"));
      co_return absl::OkStatus();
    };
    auto cleanup = [&]() -> Task<> {
      trace += "cleanup";
      co_return;
    };
    co_return co_await WithCleanup(body, cleanup);
  });

  EXPECT_EQ(status, absl::DataLossError("body"));
  EXPECT_EQ(trace, "local cleanup");
}

TEST(WithCleanupTest, RunsAfterABodyThatFails) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                bool cleaned_up = false;
                auto cleanup = [&]() -> Task<> {
                  co_await SleepFor(absl::Seconds(1));
                  cleaned_up = true;
                };
                EXPECT_EQ(co_await WithCleanup(FailAfterOneSecond(), cleanup),
                          absl::DataLossError("body"));
                EXPECT_TRUE(cleaned_up);
              }).ok());
}

TEST(WithCleanupTest, RunsShieldedAfterABodyThatIsCancelled) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                const absl::Time start = Now();
                bool cleaned_up = false;
                auto cleanup = [&]() -> Task<> {
                  co_await SleepFor(absl::Seconds(5));
                  cleaned_up = true;
                };
                EXPECT_FALSE(co_await MoveOnAfter(
                    absl::Seconds(1), WithCleanup(SleepForever(), cleanup)));
                EXPECT_TRUE(cleaned_up);
                EXPECT_EQ(Now() - start, absl::Seconds(6));
              }).ok());
}

TEST(WithCleanupTest, IsCancelledWhenItsGraceHasRunOut) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                const absl::Time start = Now();
                auto hang = []() -> Task<> { co_await SleepForever(); };
                EXPECT_FALSE(co_await MoveOnAfter(
                    absl::Seconds(1),
                    WithCleanup(SleepForever(), hang, absl::Seconds(2))));
                EXPECT_EQ(Now() - start, absl::Seconds(3));
              }).ok());
}

TEST(WithCleanupTest, KeepsBothErrors) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                auto cleanup = []() -> Task<absl::Status> {
                  co_return absl::AbortedError("cleanup");
                };
                const absl::Status status =
                    co_await WithCleanup(FailAfterOneSecond(), cleanup);
                const auto errors = Errors(status);
                EXPECT_EQ(errors.size(), 2u);
                EXPECT_EQ(errors.front(), absl::DataLossError("body"));
                EXPECT_EQ(errors.back(), absl::AbortedError("cleanup"));
              }).ok());
}

TEST(WithCleanupTest, CleanupErrorOutlivesACancellation) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                auto cleanup = []() -> Task<absl::Status> {
                  co_return absl::AbortedError("cleanup");
                };
                auto body = [&]() -> Task<absl::Status> {
                  co_await SleepForever();
                  co_return absl::OkStatus();
                };
                EXPECT_EQ(co_await FailAfter(absl::Seconds(1),
                                             WithCleanup(body, cleanup)),
                          absl::AbortedError("cleanup"));
              }).ok());
}

#if defined(__cpp_exceptions)
TEST(WithCleanupTest, RunsAfterABodyThatThrows) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                bool cleaned_up = false;
                auto cleanup = [&]() -> Task<> {
                  co_await SleepFor(absl::Seconds(1));
                  cleaned_up = true;
                };
                auto body = []() -> Task<> {
                  co_await SleepFor(absl::Seconds(1));
                  throw std::runtime_error("body");
                };
                bool thrown = false;
                try {
                  co_await WithCleanup(body, cleanup);
                } catch (const std::runtime_error&) {
                  thrown = true;
                }
                EXPECT_TRUE(thrown);
                EXPECT_TRUE(cleaned_up);
              }).ok());
}
#endif

}  // namespace
}  // namespace creche
