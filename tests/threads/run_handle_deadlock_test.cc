// SPDX-License-Identifier: Apache-2.0
//
// A run that has nothing to do waits for whoever has a handle of it.

#include <thread>

#include "absl/status/status.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/sync/event.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_handle.h"
#include "gtest/gtest.h"
#include "tests/threads/first_io_wait.h"

namespace creche {
namespace {

TEST(RunHandleTest, KeepsTheRunFromReportingADeadlock) {
  FirstIoWait first_wait;
  auto main = [&]() -> Task<> {
    Event event;
    std::thread other([&, run = RunHandle::Current()] {
      first_wait.Wait();
      run.Post([&event] { event.Set(); });
    });
    co_await event.Wait();
    other.join();
  };
  EXPECT_THAT(first_wait.Run(main), IsOk());
}

TEST(RunHandleDeathTest, RunReportsTheDeadlockWhenTheLastHandleGoes) {
  FirstIoWait first_wait;
  auto main = [&]() -> Task<> {
    std::thread([&first_wait, run = RunHandle::Current()] {
      const RunHandle copy = run;
      first_wait.Wait();
    }).detach();
    co_await SleepForever();
  };
  EXPECT_DEATH((void)first_wait.Run(main), "deadlock");
}

}  // namespace
}  // namespace creche
