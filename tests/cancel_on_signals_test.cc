// SPDX-License-Identifier: Apache-2.0

#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

absl::Status RunCatching(std::vector<int> signals, Task<> (*main)()) {
  RunOptions options;
  options.cancel_on_signals = std::move(signals);
  return creche::Run(std::move(options), main);
}

Task<> RaiseAndSleep() {
  raise(SIGINT);
  co_await SleepForever();
}

TEST(CancelOnSignalsTest, TheFirstSignalCancelsTheMainTask) {
  const absl::Status status = RunCatching({SIGTERM, SIGINT}, RaiseAndSleep);

  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(absl::StrContains(status.message(), "SIGINT")) << status;
}

// A thread that sends signals to this process once the run is ready for them.
void SendSoon(int number) {
  std::thread([=] { kill(getpid(), number); }).detach();
}

TEST(CancelOnSignalsTest, ASignalFromElsewhereEndsAWait) {
  const auto main = []() -> Task<> {
    SendSoon(SIGUSR1);
    // There is nothing else that could wake the run.
    co_await SleepForever();
  };

  const absl::Status status = RunCatching({SIGUSR1}, main);

  EXPECT_TRUE(absl::StrContains(status.message(), "SIGUSR1")) << status;
}

TEST(CancelOnSignalsTest, PutsTheOldHandlersBack) {
  signal(SIGUSR2, SIG_IGN);
  const auto nothing = []() -> Task<> { co_return; };

  EXPECT_THAT(RunCatching({SIGUSR2}, nothing), IsOk());

  EXPECT_EQ(signal(SIGUSR2, SIG_DFL), SIG_IGN);
}

TEST(CancelOnSignalsTest, OneRunAtATimeHasASignal) {
  const auto main = []() -> Task<> {
    absl::Status status;
    std::thread other(
        [&] { status = RunCatching({SIGINT}, []() -> Task<> { co_return; }); });
    other.join();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    co_return;
  };
  EXPECT_THAT(RunCatching({SIGINT}, main), IsOk());
}

TEST(CancelOnSignalsTest, RefusesWhatCannotBeCaught) {
  const auto nothing = []() -> Task<> { co_return; };
  for (int bad : {0, -1, 1000, SIGKILL}) {
    const absl::Status status = RunCatching({bad}, nothing);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
}

Task<> RaiseAtTheEnd() {
  raise(SIGTERM);
  co_return;
}

// It came too late to cancel anything, so it is not for the run.
TEST(CancelOnSignalsTest, ASignalInTheLastStepIsForWhoeverHadIt) {
  static volatile std::sig_atomic_t came = 0;
  signal(SIGTERM, [](int number) { came = number; });

  EXPECT_THAT(RunCatching({SIGINT, SIGTERM}, RaiseAtTheEnd), IsOk());

  EXPECT_EQ(came, SIGTERM);
  signal(SIGTERM, SIG_DFL);
}

TEST(CancelOnSignalsTest, ASignalThatMainHasSeenIsNotRaisedAgain) {
  static volatile std::sig_atomic_t came = 0;
  signal(SIGTERM, [](int number) { came = number; });
  const auto finish = []() -> Task<> {
    raise(SIGTERM);
    co_await ShieldedCheckpoint();
    EXPECT_TRUE(CurrentlyCancelled());
  };

  EXPECT_THAT(RunCatching({SIGTERM}, finish), IsOk());

  EXPECT_EQ(came, 0);
  signal(SIGTERM, SIG_DFL);
}

TEST(CancelOnSignalsDeathTest, ASignalInTheLastStepEndsTheProcess) {
  EXPECT_EXIT((void)RunCatching({SIGTERM}, RaiseAtTheEnd),
              ::testing::KilledBySignal(SIGTERM), "");
}

TEST(CancelOnSignalsDeathTest, TheSecondSignalEndsTheProcess) {
  const auto stubborn = []() -> Task<> {
    raise(SIGINT);
    co_await Shield(RaiseAndSleep());
  };
  EXPECT_EXIT(RunCatching({SIGINT}, stubborn).IgnoreError(),
              ::testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace creche
