// SPDX-License-Identifier: Apache-2.0

#include "creche/guest_run.h"

#include <unistd.h>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/shield.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/net/wait_readable.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/guest_run_fixture.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/open_files.h"
#include "tests/support/poll_loop.h"

namespace creche {
namespace {

INSTANTIATE_TEST_SUITE_P(Backends, GuestRunTest,
                         testing::Values(Backend::kUring, Backend::kEpoll),
                         BackendName);

TEST_P(GuestRunTest, GivesTheResultOfMain) {
  EXPECT_EQ(*RunAsGuest(Options(), []() -> Task<int> { co_return 3; }), 3);
  EXPECT_THAT(RunAsGuest(Options(), []() -> Task<> { co_return; }), IsOk());
  EXPECT_EQ(RunAsGuest(Options(),
                       []() -> Task<absl::Status> {
                         co_return absl::NotFoundError("x");
                       }),
            absl::NotFoundError("x"));
}

TEST_P(GuestRunTest, TakesAFunctionAndAMoveOnlyClosure) {
  struct Functions {
    static Task<int> Main() { co_return 4; }
  };
  EXPECT_EQ(*RunAsGuest(Options(), &Functions::Main), 4);
  auto closure = [number = std::make_unique<int>(5)]() -> Task<int> {
    co_await Checkpoint();
    co_return *number;
  };
  EXPECT_EQ(*RunAsGuest(Options(), std::move(closure)), 5);
}

TEST_P(GuestRunTest, DeducesItsType) {
  PollLoop loop;
  bool is_done = false;
  GuestRun guest(
      Options(), loop, []() -> Task<int> { co_return 1; },
      [&](absl::StatusOr<int> result) {
        is_done = true;
        EXPECT_EQ(result.value_or(0), 1);
      });
  loop.RunUntil(is_done);
}

TEST_P(GuestRunTest, RunsNothingInTheConstructor) {
  PollLoop loop;
  bool started = false;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        started = true;
        co_return;
      },
      [&](absl::Status) { is_done = true; });
  EXPECT_FALSE(started);
  loop.RunUntil(is_done);
  EXPECT_TRUE(started);
}

TEST_P(GuestRunTest, WaitsForTheKernel) {
  Pipe pipe;
  PollLoop loop;
  bool waits = false;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<absl::Status> {
        waits = true;
        co_return co_await WaitReadable(pipe.read_end());
      },
      [&](absl::Status status) {
        is_done = true;
        EXPECT_THAT(status, IsOk());
      });
  loop.RunUntil(waits);
  loop.RunRound(absl::ZeroDuration());
  EXPECT_FALSE(is_done);
  ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  loop.RunUntil(is_done);
}

TEST_P(GuestRunTest, SleepsByTheHostsTimer) {
  const absl::Time start = absl::Now();
  PollLoop loop;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      []() -> Task<> { co_await SleepFor(absl::Milliseconds(20)); },
      [&](absl::Status) { is_done = true; });
  loop.RunUntil(is_done);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(20));
  EXPECT_LT(loop.rounds(), 20U);  // It waited, instead of asking all the time.
}

TEST_P(GuestRunTest, HasDeadlines) {
  const absl::Status status = RunAsGuest(Options(), []() -> Task<absl::Status> {
    co_return co_await FailAfter(absl::Milliseconds(5), SleepForever());
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

// A deadline that each operation moves on costs the host few timers, and none
// of them is left when many long ones were set.
TEST_P(GuestRunTest, AsksForFewTimers) {
  PollLoop loop;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      []() -> Task<> {
        for (int i = 0; i < 20; ++i) {
          co_await MoveOnAfter(absl::Hours(1),
                               SleepFor(absl::Microseconds(200)));
        }
      },
      [&](absl::Status) { is_done = true; });
  loop.RunUntil(is_done);
  EXPECT_LE(loop.most_timers(), 3U);
}

TEST_P(GuestRunTest, MockedTimeJumps) {
  MockClock clock;
  RunOptions options = Options();
  options.clock = &clock;
  const absl::Time start = clock.Now();
  EXPECT_THAT(RunAsGuest(options,
                         []() -> Task<> { co_await SleepFor(absl::Hours(5)); }),
              IsOk());
  EXPECT_EQ(clock.Now() - start, absl::Hours(5));
}

// While an operation is under way the clock waits a little, by the host.
TEST_P(GuestRunTest, MockedTimeJumpsOverAnIdleOperation) {
  Pipe pipe;
  MockClock clock;
  RunOptions options = Options();
  options.clock = &clock;
  EXPECT_THAT(RunAsGuest(options,
                         [&]() -> Task<absl::Status> {
                           co_return co_await FailAfter(
                               absl::Hours(5), WaitReadable(pipe.read_end()));
                         }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(GuestRunTest, CancelGivesTheReason) {
  PollLoop loop;
  bool is_done = false;
  GuestRun guest(
      Options(), loop, []() -> Task<> { co_await SleepForever(); },
      [&](absl::Status status) {
        is_done = true;
        EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
        EXPECT_NE(status.ToString().find("window closed"), std::string::npos);
      });
  for (int i = 0; i < 5; ++i) loop.RunRound(absl::ZeroDuration());
  EXPECT_FALSE(is_done);
  guest.Cancel("window closed");
  guest.Cancel("again");
  loop.RunUntil(is_done);
  guest.Cancel("too late");
}

// Main begins all the same, and unwinds at its first checkpoint.
TEST_P(GuestRunTest, CancelBeforeMainHasBegun) {
  PollLoop loop;
  bool began = false;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        began = true;
        co_await Checkpoint();
        ADD_FAILURE();
      },
      [&](absl::Status status) {
        is_done = true;
        EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
      });
  guest.Cancel();
  EXPECT_FALSE(began);
  loop.RunUntil(is_done);
  EXPECT_TRUE(began);
}

TEST_P(GuestRunTest, CancelFromATask) {
  PollLoop loop;
  bool is_done = false;
  absl::AnyInvocable<void()> cancel;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        cancel();
        co_await SleepForever();
      },
      [&](absl::Status status) {
        is_done = true;
        EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
      });
  cancel = [&] { guest.Cancel("by itself"); };
  loop.RunUntil(is_done);
}

TEST_P(GuestRunTest, WaitsForTasksThatAreShielded) {
  PollLoop loop;
  bool is_done = false;
  bool cleaned_up = false;
  GuestRun guest(
      Options(), loop,
      [&]() -> Task<> {
        co_await Shield([&]() -> Task<> {
          co_await SleepFor(absl::Milliseconds(5));
          cleaned_up = true;
        });
        co_await SleepForever();
      },
      [&](absl::Status) {
        EXPECT_TRUE(cleaned_up);
        is_done = true;
      });
  loop.RunRound(absl::ZeroDuration());
  guest.Cancel();
  loop.RunUntil(is_done);
}

TEST_P(GuestRunTest, DoneMayDestroyIt) {
  PollLoop loop;
  auto main = []() -> Task<> { co_await SleepFor(absl::Milliseconds(1)); };
  std::unique_ptr<GuestRun<decltype(main)>> guest;
  bool is_done = false;
  guest = std::make_unique<GuestRun<decltype(main)>>(Options(), loop, main,
                                                     [&](absl::Status) {
                                                       guest.reset();
                                                       is_done = true;
                                                     });
  loop.RunUntil(is_done);
  EXPECT_EQ(guest, nullptr);
}

TEST_P(GuestRunTest, DoneMayBeginAnother) {
  PollLoop loop;
  int done = 0;
  bool all_done = false;
  auto main = []() -> Task<> { co_await Checkpoint(); };
  std::optional<GuestRun<decltype(main)>> second;
  GuestRun first(Options(), loop, main, [&](absl::Status) {
    ++done;
    second.emplace(Options(), loop, main, [&](absl::Status status) {
      EXPECT_THAT(status, IsOk());
      ++done;
      all_done = true;
    });
  });
  loop.RunUntil(all_done);
  EXPECT_EQ(done, 2);
}

TEST_P(GuestRunTest, LateCallbacksAreHarmless) {
  std::vector<absl::AnyInvocable<void()>> late;
  {
    PollLoop loop;
    bool is_done = false;
    GuestRun guest(
        Options(), loop,
        []() -> Task<> {
          co_await MoveOnAfter(absl::Hours(1), SleepFor(absl::Milliseconds(2)));
          co_await MoveOnAfter(absl::Hours(1), Checkpoint());
        },
        [&](absl::Status) { is_done = true; });
    loop.CallSoon([&] { guest.Cancel("a turn is owed at the end"); });
    loop.RunUntil(is_done);
    late = loop.TakeTimers();
  }
  for (absl::AnyInvocable<void()>& f : late) f();
}

TEST_P(GuestRunTest, LeavesNothingBehind) {
  int alive = 0;
  const std::size_t open_before = OpenFiles();
  {
    auto result = RunAsGuest(
        Options(), [probe = LifetimeProbe(&alive)]() -> Task<LifetimeProbe> {
          LifetimeProbe local = probe;
          co_await SleepFor(absl::Milliseconds(1));
          co_return local;
        });
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(OpenFiles(), open_before);
}

#if defined(__cpp_exceptions)
TEST_P(GuestRunTest, ExceptionOfMainGoesToDone) {
  PollLoop loop;
  bool is_done = false;
  GuestRun guest(
      Options(), loop,
      []() -> Task<int> {
        co_await Checkpoint();
        throw std::runtime_error("a fine mess");
      },
      [&](absl::StatusOr<int> result) {
        is_done = true;
        EXPECT_EQ(result.status().code(), absl::StatusCode::kUnknown);
        EXPECT_NE(result.status().ToString().find("a fine mess"),
                  std::string::npos);
        EXPECT_THROW(std::rethrow_exception(std::current_exception()),
                     std::runtime_error);
      });
  loop.RunUntil(is_done);
}
#endif

}  // namespace
}  // namespace creche
