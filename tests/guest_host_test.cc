// SPDX-License-Identifier: Apache-2.0

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/statistics.h"
#include "creche/core/timeouts.h"
#include "creche/guest_run.h"
#include "creche/net/wait_readable.h"
#include "creche/sync/event.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "creche/threads/run_handle.h"
#include "creche/threads/run_in_thread.h"
#include "gtest/gtest.h"
#include "tests/guest_run_fixture.h"
#include "tests/support/open_files.h"
#include "tests/support/poll_loop.h"

namespace creche {
namespace {

using GuestHostTest = GuestRunTest;
INSTANTIATE_TEST_SUITE_P(Backends, GuestHostTest,
                         testing::Values(Backend::kUring, Backend::kEpoll),
                         BackendName);

// The host's own callbacks are on the thread of the run, but not in it.
TEST_P(GuestHostTest, HostPostsToTasks) {
  PollLoop loop;
  std::optional<RunHandle> handle;
  Event event;
  bool waits = false;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        handle = RunHandle::Current();
        waits = true;
        co_await event.Wait();
        handle.reset();
      },
      [&](absl::Status) { is_done = true; });
  loop.RunUntil(waits);
  for (int i = 0; i < 5; ++i) loop.RunRound(absl::ZeroDuration());
  const RunHandle mine = *handle;
  loop.CallSoon([&] { EXPECT_TRUE(mine.Post([&] { event.Set(); })); });
  loop.RunUntil(is_done);
  EXPECT_FALSE(mine.Post([] {}));
}

// Some kernels lose all but the first of these, if the ring defers its work.
TEST_P(GuestHostTest, HearsOfEachWriteToAnEventfd) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  PollLoop loop;
  bool is_done = false;
  int heard = 0;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        for (int i = 0; i < 20; ++i) {
          EXPECT_THAT(co_await WaitReadable(fd), IsOk());
          std::uint64_t count = 0;
          EXPECT_EQ(read(fd, &count, sizeof(count)), 8);
          ++heard;
        }
      },
      [&](absl::Status) { is_done = true; });
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 5; ++j) loop.RunRound(absl::ZeroDuration());
    std::thread([fd] { eventfd_write(fd, 1); }).join();
    while (heard == i) loop.RunRound(absl::InfiniteDuration());
  }
  loop.RunUntil(is_done);
  close(fd);
}

// The kernel has to be told of a wait that a deadline has ended.
TEST_P(GuestHostTest, DeadlineEndsAnOperation) {
  Pipe pipe;
  EXPECT_THAT(RunAsGuest(Options(),
                         [&]() -> Task<absl::Status> {
                           co_return co_await FailAfter(
                               absl::Milliseconds(3),
                               WaitReadable(pipe.read_end()));
                         }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(GuestHostTest, AnotherThreadPostsAndCalls) {
  PollLoop loop;
  std::optional<std::thread> thread;
  absl::StatusOr<int> answer = 0;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        Event event;
        thread.emplace([run = RunHandle::Current(), &event, &answer] {
          answer = run.Call([]() -> Task<int> {
            co_await SleepFor(absl::Milliseconds(1));
            co_return 7;
          });
          run.Post([&event] { event.Set(); });
        });
        co_await event.Wait();
      },
      [&](absl::Status) { is_done = true; });
  loop.RunUntil(is_done);
  thread->join();
  EXPECT_EQ(answer.value_or(0), 7);
}

TEST_P(GuestHostTest, RunsFunctionsInThreads) {
  EXPECT_EQ(*RunAsGuest(Options(),
                        []() -> Task<absl::StatusOr<int>> {
                          co_return co_await RunInThread([] { return 8; });
                        }),
            8);
}

// Trio: test_host_wakeup_doesnt_trigger_wait_all_tasks_blocked.
TEST_P(GuestHostTest, CallsOfTheHostDoNotPassForQuiescence) {
  PollLoop loop;
  bool is_done = false;
  std::string trace;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<absl::Status> {
        co_return co_await WithNursery([&](Nursery& nursery) -> Task<> {
          nursery.StartSoon([&]() -> Task<> {
            for (int i = 0; i < 200; ++i) co_await Checkpoint();
            trace += "busy ";
          });
          co_await WaitAllTasksBlocked();
          trace += "blocked";
        });
      },
      [&](absl::Status) { is_done = true; });
  loop.RunUntil(is_done);
  EXPECT_EQ(trace, "busy blocked");
}

// A task that never waits leaves the host its turns.
TEST_P(GuestHostTest, WorksABoundedShareAtATime) {
  PollLoop loop;
  bool is_done = false;
  int others = 0;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        while (others < 10) co_await Checkpoint();
      },
      [&](absl::Status) { is_done = true; });
  while (!is_done) {
    loop.CallSoon([&] { ++others; });
    loop.RunRound(absl::InfiniteDuration());
  }
  EXPECT_GE(others, 10);
}

TEST_P(GuestHostTest, IsInTheRunInItsSharesOnly) {
  PollLoop loop;
  bool is_done = false;
  bool waits = false;
  std::size_t living = 0;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        living = statistics().tasks_living;
        waits = true;
        co_await SleepFor(absl::Milliseconds(1));
      },
      [&](absl::Status) { is_done = true; });
  loop.RunUntil(waits);
  EXPECT_EQ(living, 1U);
  // So the thread may have another run meanwhile.
  EXPECT_EQ(*creche::Run([]() -> Task<int> {
    co_await Checkpoint();
    co_return 5;
  }),
            5);
  loop.RunUntil(is_done);
}

TEST_P(GuestHostTest, ManyGuestsOnOneHost) {
  constexpr int kGuests = 20;
  PollLoop loop;
  int done = 0;
  int sum = 0;
  bool all_done = false;
  auto main = []() -> Task<absl::StatusOr<int>> {
    int result = 0;
    absl::Status status = co_await WithNursery([&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 10; ++i) {
        nursery.StartSoon([&result]() -> Task<> {
          co_await SleepFor(absl::Milliseconds(1));
          ++result;
        });
      }
      co_return;
    });
    if (!status.ok()) co_return status;
    co_return result;
  };
  std::vector<std::unique_ptr<GuestRun<decltype(main)>>> guests;
  for (int i = 0; i < kGuests; ++i) {
    guests.push_back(std::make_unique<GuestRun<decltype(main)>>(
        Options(), loop, main, [&](absl::StatusOr<int> result) {
          sum += result.value_or(0);
          all_done = ++done == kGuests;
        }));
  }
  loop.RunUntil(all_done);
  EXPECT_EQ(sum, 10 * kGuests);
}

// A modal dialog: the guest waits, other guests and the host do not, and what
// came meanwhile is heard afterwards.
TEST_P(GuestHostTest, NestedLoopOfATaskKeepsItsRunWaiting) {
  PollLoop loop;
  bool is_done = false;
  bool other_is_done = false;
  bool is_nested = false;
  bool other_task_ran_inside = false;
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithNursery([&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        for (int i = 0; i < 5; ++i) {
          co_await SleepFor(absl::Milliseconds(1));
          if (is_nested) other_task_ran_inside = true;
        }
      });
      co_await Checkpoint();
      is_nested = true;
      loop.RunUntil(other_is_done);
      is_nested = false;
      co_await SleepFor(absl::Milliseconds(1));
    });
  };
  GuestRun guest(Options(), loop, main, [&](absl::Status status) {
    is_done = true;
    EXPECT_THAT(status, IsOk());
  });
  GuestRun other(
      Options(), loop,
      []() -> Task<> { co_await SleepFor(absl::Milliseconds(20)); },
      [&](absl::Status) { other_is_done = true; });
  loop.RunUntil(is_done);
  EXPECT_TRUE(other_is_done);
  EXPECT_FALSE(other_task_ran_inside);
}

// What is readable would keep a nested loop busy that cannot have it read.
TEST_P(GuestHostTest, NestedLoopIsNotKeptBusy) {
  PollLoop loop;
  Pipe pipe;
  bool is_done = false;
  std::size_t rounds = 0;
  bool was_read = false;
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithNursery([&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        was_read = (co_await WaitReadable(pipe.read_end())).ok();
      });
      co_await SleepFor(absl::Milliseconds(1));
      EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
      const std::size_t before = loop.rounds();
      bool is_over = false;
      loop.CallAt(absl::Now() + absl::Milliseconds(30),
                  [&] { is_over = true; });
      loop.RunUntil(is_over);
      rounds = loop.rounds() - before;
      EXPECT_FALSE(was_read);
    });
  };
  GuestRun guest(Options(), loop, main, [&](absl::Status) { is_done = true; });
  loop.RunUntil(is_done);
  EXPECT_TRUE(was_read);
  EXPECT_LT(rounds, 20U);
}

}  // namespace
}  // namespace creche
