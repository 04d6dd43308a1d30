// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/run_on_cores.h"

#include <sched.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/error_group.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/run.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

TEST(RunOnCoresTest, HasARunOnAThreadOfItsOwnForEach) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::set<std::size_t> indices;
  auto main = [&](Core& core) -> Task<absl::Status> {
    co_await Checkpoint();
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
    indices.insert(core.index());
    EXPECT_EQ(core.count(), 3U);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(3), main), IsOk());
  EXPECT_EQ(threads.size(), 3U);
  EXPECT_EQ(indices, (std::set<std::size_t>{0, 1, 2}));
}

TEST(RunOnCoresTest, PinsAndUnpins) {
  cpu_set_t usable;
  sched_getaffinity(0, sizeof(usable), &usable);
  std::atomic<int> pinned = 0;
  std::atomic<std::size_t> count = 0;
  auto main = [&](Core& core) -> Task<absl::Status> {
    cpu_set_t mine;
    sched_getaffinity(0, sizeof(mine), &mine);
    if (CPU_COUNT(&mine) == 1) ++pinned;
    count = core.count();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_pin(true), main), IsOk());
  EXPECT_EQ(count, static_cast<std::size_t>(CPU_COUNT(&usable)));
  EXPECT_EQ(pinned, CPU_COUNT(&usable));
}

TEST(RunOnCoresTest, OneThatFailsCancelsTheOthers) {
  std::atomic<int> cancelled = 0;
  struct Cancelled {
    explicit Cancelled(std::atomic<int>& c) : count(c) {}
    ~Cancelled() { ++count; }
    std::atomic<int>& count;
  };
  auto main = [&](Core& core) -> Task<absl::Status> {
    if (core.index() == 1) co_return absl::NotFoundError("no");
    const Cancelled here(cancelled);
    co_await SleepForever();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(RunOnCores(CoresOptions().set_count(4), main),
            absl::NotFoundError("no"));
  EXPECT_EQ(cancelled, 3);
}

TEST(RunOnCoresTest, OneThatEndsStopsNobody) {
  std::atomic<int> ended = 0;
  auto main = [&](Core& core) -> Task<absl::Status> {
    co_await SleepFor(absl::Milliseconds(10) *
                      static_cast<double>(core.index()));
    ++ended;
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(3), main), IsOk());
  EXPECT_EQ(ended, 3);
}

TEST(RunOnCoresTest, TellsAllErrors) {
  std::atomic<int> there = 0;
  auto main = [&](Core& core) -> Task<absl::Status> {
    ++there;
    // Nobody waits, so that nobody is cancelled.
    while (there < 3) std::this_thread::yield();
    co_return absl::InternalError(
        std::string(1, static_cast<char>('a' + core.index())));
  };
  const absl::Status status = RunOnCores(CoresOptions().set_count(3), main);
  EXPECT_EQ(Errors(status).size(), 3U);
}

TEST(RunOnCoresTest, ASignalCancelsAll) {
  std::atomic<int> there = 0;
  auto main = [&](Core&) -> Task<absl::Status> {
    if (++there == 4) kill(getpid(), SIGTERM);
    co_await SleepForever();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(
      RunOnCores(CoresOptions().set_count(4).set_cancel_on_signals({SIGTERM}),
                 main),
      StatusIs(absl::StatusCode::kCancelled, HasSubstr("SIGTERM")));
}

#if defined(__cpp_exceptions)
TEST(RunOnCoresTest, RethrowsWhatAMainThrows) {
  auto main = [&](Core& core) -> Task<absl::Status> {
    if (core.index() == 0) throw std::string("no");
    co_await SleepForever();
    co_return absl::OkStatus();
  };
  std::string caught;
  try {
    RunOnCores(CoresOptions().set_count(2), main).IgnoreError();
  } catch (const std::string& text) {
    caught = text;
  }
  EXPECT_EQ(caught, "no");
}
#endif

TEST(RunOnCoresTest, RefusesWhatCannotBeShared) {
  MockClock clock;
  auto main = [](Core&) -> Task<absl::Status> { co_return absl::OkStatus(); };
  RunOptions run_options;
  run_options.clock = &clock;
  EXPECT_THAT(RunOnCores(CoresOptions().set_run_options(run_options), main),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(RunOnCoresTest, RunsOnAnotherCore) {
  auto main = [](Core& core) -> Task<absl::Status> {
    if (core.index() != 0) co_return absl::OkStatus();
    // Its own one is one of them.
    auto here = []() -> Task<std::thread::id> {
      co_await Checkpoint();
      co_return std::this_thread::get_id();
    };
    const absl::StatusOr<std::thread::id> mine = co_await core.RunOn(0, here);
    EXPECT_EQ(*mine, std::this_thread::get_id());
    auto fails = []() -> Task<absl::Status> {
      co_return absl::NotFoundError("no");
    };
    EXPECT_THAT(co_await core.RunOn(0, fails),
                StatusIs(absl::StatusCode::kNotFound));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(1), main), IsOk());
}

TEST(RunOnCoresTest, CancelsWhatRunsOnAnotherCoreAndWaitsForIt) {
  std::atomic<bool> has_ended = false;
  auto main = [&](Core& core) -> Task<absl::Status> {
    if (core.index() == 1) {
      while (!has_ended) co_await SleepFor(absl::Milliseconds(1));
      co_return absl::OkStatus();
    }
    auto there = [&]() -> Task<> {
      struct Ended {
        explicit Ended(std::atomic<bool>& e) : ended(e) {}
        ~Ended() { ended = true; }
        std::atomic<bool>& ended;
      };
      const Ended ended(has_ended);
      co_await SleepForever();
    };
    auto running = core.RunOn(1, there);
    auto timed = MoveOnAfter(absl::Milliseconds(10), std::move(running));
    EXPECT_FALSE((co_await std::move(timed)).has_value());
    EXPECT_TRUE(has_ended);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(2), main), IsOk());
}

TEST(RunOnCoresTest, SaysThatACoreHasEnded) {
  auto main = [](Core& core) -> Task<absl::Status> {
    if (core.index() == 1) co_return absl::OkStatus();
    auto sleep = []() -> Task<> { co_await SleepForever(); };
    absl::Status ended = co_await core.RunOn(1, sleep);
    EXPECT_THAT(ended, StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("core 1 has ended")));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(2), main), IsOk());
}

TEST(RunOnCoresTest, LeavesNoDescriptors) {
  auto main = [](Core&) -> Task<absl::Status> { co_return absl::OkStatus(); };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(2), main), IsOk());
  const std::size_t before = OpenFiles();
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(RunOnCores(CoresOptions().set_count(4), main), IsOk());
  }
  EXPECT_EQ(OpenFiles(), before);
}

TEST(RunOnCoresTest, InsideARunIsRefused) {
  auto nothing = [](Core&) -> Task<absl::Status> {
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<> {
    EXPECT_THAT(RunOnCores(CoresOptions(), nothing),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    co_return;
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

}  // namespace
}  // namespace creche
