// SPDX-License-Identifier: Apache-2.0

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/guest_run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_handle.h"
#include "gtest/gtest.h"
#include "tests/guest_run_fixture.h"
#include "tests/support/poll_loop.h"

namespace creche {
namespace {

using GuestRefusedTest = GuestRunTest;
INSTANTIATE_TEST_SUITE_P(Backends, GuestRefusedTest,
                         testing::Values(Backend::kUring, Backend::kEpoll),
                         BackendName);

TEST_P(GuestRefusedTest, RefusedSetupGoesToDone) {
  RunOptions options = Options();
  options.cancel_on_signals = {12345};
  EXPECT_THAT(RunAsGuest(options, []() -> Task<> { co_return; }),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(GuestRefusedTest, RefusesAPortThatNobodyElseCanWaitFor) {
  FakePort port;
  RunOptions options = Options();
  options.port = &port;
  EXPECT_THAT(RunAsGuest(options, []() -> Task<> { co_return; }),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(GuestRefusedTest, RefusesToBeMadeInsideARun) {
  PollLoop loop;
  absl::Status status;
  bool is_done = false;
  auto guest_main = []() -> Task<> { co_return; };
  std::optional<GuestRun<decltype(guest_main)>> guest;
  EXPECT_THAT(creche::Run([&]() -> Task<> {
                guest.emplace(Options(), loop, guest_main,
                              [&](absl::Status got) {
                                status = std::move(got);
                                is_done = true;
                              });
                co_return;
              }),
              IsOk());
  EXPECT_FALSE(is_done);
  loop.RunUntil(is_done);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(GuestRefusedTest, NoDescriptorsIsAStatus) {
  PollLoop loop;
  absl::Status status;
  bool is_done = false;
  rlimit old_limit;
  getrlimit(RLIMIT_NOFILE, &old_limit);
  const int next = dup(0);
  close(next);
  const rlimit none = {static_cast<rlim_t>(next), old_limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  GuestRun guest(
      Options(), loop, []() -> Task<> { co_return; },
      [&](absl::Status got) {
        status = std::move(got);
        is_done = true;
      });
  setrlimit(RLIMIT_NOFILE, &old_limit);
  loop.RunUntil(is_done);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
}

using GuestRefusedDeathTest = GuestRunTest;
INSTANTIATE_TEST_SUITE_P(Backends, GuestRefusedDeathTest,
                         testing::Values(Backend::kUring, Backend::kEpoll),
                         BackendName);

TEST_P(GuestRefusedDeathTest, DestroyedBeforeItsEnd) {
  EXPECT_DEATH(
      {
        PollLoop loop;
        GuestRun guest(
            Options(), loop, []() -> Task<> { co_await SleepForever(); },
            [](absl::Status) {});
        loop.RunRound(absl::ZeroDuration());
      },
      "a GuestRun was destroyed before its `done` was called");
}

// It would wait for itself, for ever.
TEST_P(GuestRefusedDeathTest, CallFromTheHostsThread) {
  EXPECT_DEATH(
      {
        PollLoop loop;
        std::optional<RunHandle> handle;
        bool waits = false;
        GuestRun guest(
            Options(), loop,
            [&]() -> Task<> {
              handle = RunHandle::Current();
              waits = true;
              co_await SleepForever();
            },
            [](absl::Status) {});
        loop.RunUntil(waits);
        (void)handle->Call([]() -> Task<> { co_return; });
      },
      "was called on the thread of the handle's own run");
}

// Between two shares the thread is in no run; the guest is in one all the same.
TEST_P(GuestRefusedDeathTest, GoesOnInNoForkedProcess) {
  auto go_on_in_child = [this] {
    PollLoop loop;
    bool is_done = false;
    GuestRun guest(
        Options(), loop, []() -> Task<> { co_await SleepForever(); },
        [&](absl::Status) { is_done = true; });
    loop.RunRound(absl::ZeroDuration());
    const pid_t child = fork();
    if (child == 0) {
      guest.Cancel();
      loop.RunUntil(is_done);
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) std::abort();
    // The parent's goes on.
    guest.Cancel();
    loop.RunUntil(is_done);
    _exit(0);
  };
  EXPECT_DEATH(go_on_in_child(), "GuestRun .* forked");
}

}  // namespace
}  // namespace creche
