// SPDX-License-Identifier: Apache-2.0

#include "creche/signals/with_signals.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/run.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// What the process had for SIGUSR1 and others before.
int raised_again = 0;
void CountRaisedAgain(int) { ++raised_again; }

class WithSignalsTest : public testing::Test {
 protected:
  void SetUp() override {
    raised_again = 0;
    for (const int number : {SIGUSR1, SIGUSR2, SIGHUP}) {
      signal(number, &CountRaisedAgain);
    }
  }
};
using WithSignalsDeathTest = WithSignalsTest;

Task<> Nothing(SignalReceiver&) { co_return; }

TEST_F(WithSignalsTest, ReceivesASignalThatHasCome) {
  auto body = [](SignalReceiver& receiver) -> Task<int> {
    raise(SIGUSR1);
    co_return co_await receiver.Receive();
  };
  const absl::StatusOr<int> received =
      creche::Run([&]() -> Task<absl::StatusOr<int>> {
        co_return co_await WithSignals(SignalSet(SIGUSR1), body);
      });
  EXPECT_EQ(received.value(), SIGUSR1);
  EXPECT_EQ(raised_again, 0);
}

TEST_F(WithSignalsTest, WaitsForASignalFromElsewhere) {
  auto body = [](SignalReceiver& receiver) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      std::thread other([] { kill(getpid(), SIGUSR2); });
      const int received = co_await receiver.Receive();
      EXPECT_EQ(received, SIGUSR2);
      other.join();
    }
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(SignalSet(SIGUSR1, SIGUSR2),
                                               body);
              }),
              IsOk());
}

TEST_F(WithSignalsTest, SeveralOfOneAreOne) {
  auto body = [](SignalReceiver& receiver) -> Task<> {
    for (int i = 0; i < 5; ++i) raise(SIGUSR1);
    co_await receiver.Receive();
    const auto second =
        co_await MoveOnAfter(absl::Milliseconds(10), receiver.Receive());
    EXPECT_FALSE(second.has_value());
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(SignalSet(SIGUSR1), body);
              }),
              IsOk());
  EXPECT_EQ(raised_again, 0);
}

// Trio: no starvation.
TEST_F(WithSignalsTest, OneThatAlwaysComesDoesNotHideTheOthers) {
  auto body = [](SignalReceiver& receiver) -> Task<> {
    raise(SIGUSR2);
    raise(SIGHUP);
    std::vector<int> received;
    for (int i = 0; i < 4; ++i) {
      raise(SIGUSR1);
      received.push_back(co_await receiver.Receive());
    }
    EXPECT_NE(std::count(received.begin(), received.end(), SIGUSR2), 0);
    EXPECT_NE(std::count(received.begin(), received.end(), SIGHUP), 0);
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(
                    SignalSet(SIGUSR1, SIGUSR2, SIGHUP), body);
              }),
              IsOk());
}

TEST_F(WithSignalsTest, SeveralTasksShareThem) {
  auto body = [](SignalReceiver& receiver) -> Task<absl::Status> {
    std::vector<int> received;
    auto receive = [&]() -> Task<> {
      received.push_back(co_await receiver.Receive());
    };
    auto both = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(receive);
      nursery.StartSoon(receive);
      co_await WaitAllTasksBlocked();
      raise(SIGUSR1);
      raise(SIGUSR2);
    };
    co_await Try(WithNursery(both));
    EXPECT_EQ(received.size(), 2U);
    EXPECT_NE(received.front(), received.back());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(SignalSet(SIGUSR1, SIGUSR2),
                                               body);
              }),
              IsOk());
}

TEST_F(WithSignalsTest, WhatNobodyReceivedIsRaisedAgain) {
  auto body = [](SignalReceiver&) -> Task<absl::Status> {
    raise(SIGUSR1);
    raise(SIGUSR2);
    co_return absl::AbortedError("failed on purpose");
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                absl::Status status = co_await WithSignals(
                    SignalSet(SIGUSR1, SIGUSR2, SIGHUP), body);
                EXPECT_EQ(raised_again, 2);
                co_return status;
              }),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(WithSignalsTest, ACancelledScopeRaisesThemAgain) {
  auto body = [](SignalReceiver&) -> Task<> {
    raise(SIGUSR1);
    co_await SleepForever();
  };
  EXPECT_THAT(creche::Run([&]() -> Task<> {
                auto signals = WithSignals(SignalSet(SIGUSR1), body);
                co_await MoveOnAfter(absl::Milliseconds(1), std::move(signals));
                EXPECT_EQ(raised_again, 1);
              }),
              IsOk());
}

// What was handed to a task before it was cancelled has been received.
TEST_F(WithSignalsTest, ACancellationAfterTheSignalComesTooLate) {
  int received = 0;
  auto body = [&](SignalReceiver& receiver) -> Task<> {
    CancelScope scope;
    auto receive = [&]() -> Task<> {
      co_await scope.Run([&]() -> Task<> {
        received = co_await receiver.Receive();
        co_await SleepForever();
      });
    };
    auto both = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(receive);
      co_await WaitAllTasksBlocked();
      raise(SIGUSR1);
      co_await SleepFor(absl::Milliseconds(1));
      scope.Cancel();
    };
    (co_await WithNursery(both)).IgnoreError();
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(SignalSet(SIGUSR1), body);
              }),
              IsOk());
  EXPECT_EQ(received, SIGUSR1);
  EXPECT_EQ(raised_again, 0);
}

TEST_F(WithSignalsTest, ScopesUseASignalOneAfterTheOther) {
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                for (int i = 0; i < 3; ++i) {
                  auto body = [](SignalReceiver& receiver) -> Task<> {
                    raise(SIGUSR1);
                    co_await receiver.Receive();
                  };
                  co_await Try(WithSignals(SignalSet(SIGUSR1), body));
                }
                co_return absl::OkStatus();
              }),
              IsOk());
  EXPECT_EQ(signal(SIGUSR1, SIG_DFL), &CountRaisedAgain);
}

// One that fails has none of its signals.
TEST_F(WithSignalsTest, OneScopeAtATimeHasASignal) {
  auto inner = [](SignalReceiver&) -> Task<> {
    ADD_FAILURE() << "it has SIGUSR2";
    co_return;
  };
  auto outer = [&](SignalReceiver& receiver) -> Task<> {
    const absl::Status second =
        co_await WithSignals(SignalSet(SIGHUP, SIGUSR2), inner);
    EXPECT_THAT(second, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_TRUE(absl::StrContains(second.message(), "SIGUSR2")) << second;
    raise(SIGHUP);
    EXPECT_EQ(raised_again, 1);
    raise(SIGUSR2);
    const int received = co_await receiver.Receive();
    EXPECT_EQ(received, SIGUSR2);
    // Another one is free.
    EXPECT_THAT(co_await WithSignals(SignalSet(SIGHUP), Nothing), IsOk());
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(SignalSet(SIGUSR2), outer);
              }),
              IsOk());
}

TEST_F(WithSignalsTest, WhatTheRunHasNoScopeHas) {
  RunOptions options;
  options.cancel_on_signals = {SIGUSR1};
  options.dump_on_signals = {SIGHUP};
  EXPECT_THAT(
      creche::Run(std::move(options),
                  [&]() -> Task<> {
                    for (const int number : {SIGUSR1, SIGHUP}) {
                      const absl::Status status =
                          co_await WithSignals(SignalSet(number), Nothing);
                      EXPECT_THAT(
                          status,
                          StatusIs(absl::StatusCode::kFailedPrecondition));
                    }
                  }),
      IsOk());
}

TEST_F(WithSignalsTest, RefusesWhatCannotBeCaught) {
  EXPECT_THAT(
      creche::Run([&]() -> Task<> {
        for (const int number : {0, -1, 1000, SIGKILL, SIGSTOP, SIGSEGV}) {
          const absl::Status status =
              co_await WithSignals(SignalSet(SIGHUP, number), Nothing);
          EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument))
              << number;
        }
      }),
      IsOk());
  EXPECT_EQ(signal(SIGHUP, SIG_DFL), &CountRaisedAgain);
}

TEST_F(WithSignalsTest, CanBeCancelledEverywhere) {
  CancelEverywhere([]() -> Task<absl::Status> {
    auto body = [](SignalReceiver& receiver) -> Task<> {
      raise(SIGUSR1);
      co_await receiver.Receive();
      raise(SIGUSR2);
      co_await Checkpoint();
      co_await receiver.Receive();
    };
    co_return co_await WithSignals(SignalSet(SIGUSR1, SIGUSR2), body);
  });
}

TEST_F(WithSignalsDeathTest, TheOldDispositionCounts) {
  signal(SIGUSR1, SIG_DFL);
  auto body = [](SignalReceiver&) -> Task<> {
    raise(SIGUSR1);
    co_return;
  };
  EXPECT_EXIT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await WithSignals(SignalSet(SIGUSR1), body);
              }).IgnoreError(),
              testing::KilledBySignal(SIGUSR1), "");
}

TEST_F(WithSignalsTest, DumpPrintsTheTaskTreeAndGoesOn) {
  RunOptions options;
  options.dump_on_signals = {SIGUSR1};
  testing::internal::CaptureStderr();
  auto sleeper = []() -> Task<> { co_await SleepFor(absl::Milliseconds(20)); };
  EXPECT_THAT(creche::Run(std::move(options),
                          [&]() -> Task<absl::Status> {
                            raise(SIGUSR1);
                            auto body = [&](Nursery& nursery) -> Task<> {
                              nursery.StartSoon(Named("sleeper", sleeper));
                              co_return;
                            };
                            co_return co_await WithNursery(body);
                          }),
              IsOk());
  const std::string dump = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(absl::StrContains(dump, "main")) << dump;
  EXPECT_EQ(raised_again, 0);
}

TEST_F(WithSignalsDeathTest, DumpingDoesNotHideADeadlock) {
  RunOptions options;
  options.dump_on_signals = {SIGUSR1};
  EXPECT_DEATH(creche::Run(options,
                           [&]() -> Task<> {
                             ParkingLot nobody;
                             co_await nobody.Park();
                           })
                   .IgnoreError(),
               "deadlock");
}

}  // namespace
}  // namespace creche
