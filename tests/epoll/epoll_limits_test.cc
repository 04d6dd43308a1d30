// SPDX-License-Identifier: Apache-2.0
//
// An EpollPort where something is short, forbidden, or used wrongly. Each case
// is a process of its own.

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/epoll/epoll_port.h"
#include "tests/support/counting_operation.h"
#include "tests/support/forbid.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

TEST(EpollPortDeathTest, MustNotCloseWithOperationsUnderWay) {
  const auto close_too_early = [] {
    EpollPort port;
    if (!port.Open().ok()) exit(1);
    CountingOperation operation;
    io_uring_sqe entry = {};
    io_uring_prep_nop(&entry);
    port.Start(operation, entry);
    port.Close();
  };
  EXPECT_DEATH(close_too_early(), "with kernel operations under way");
}

// In a process of its own.
void ExpectExitWith0(const std::function<bool()>& is_right) {
  EXPECT_EXIT(_exit(is_right() ? 0 : 1), ::testing::ExitedWithCode(0), "");
}

TEST(EpollPortDeathTest, SaysThatThereAreNoDescriptors) {
  for (const rlim_t more : {rlim_t{0}, rlim_t{1}}) {
    ExpectExitWith0([&] {
      const int next = dup(0);
      close(next);
      const size_t files = OpenFiles();
      const struct rlimit few = {static_cast<rlim_t>(next) + more, 1024};
      setrlimit(RLIMIT_NOFILE, &few);
      EpollPort port;
      const absl::Status status = port.Open();
      const struct rlimit enough = {1024, 1024};
      setrlimit(RLIMIT_NOFILE, &enough);
      fprintf(stderr, "%s\n", status.ToString().c_str());
      return absl::IsResourceExhausted(status) &&
             absl::StrContains(status.message(), "ulimit -n") &&
             OpenFiles() == files;
    });
  }
}

TEST(EpollPortDeathTest, MeasuresItsWaitsByATimerOnOlderKernels) {
  for (const int error : {ENOSYS, EPERM}) {
    ExpectExitWith0([&] {
      EpollPort port;
      if (!port.Open().ok()) return false;
      Forbid(SYS_epoll_pwait2, error);
      for (int round = 0; round < 3; ++round) {
        const absl::Time start = absl::Now();
        port.Wait(absl::Milliseconds(5));
        if (absl::Now() - start < absl::Milliseconds(4)) return false;
      }
      port.Close();
      return true;
    });
  }
}

TEST(EpollPortDeathTest, SaysThatEpollIsForbidden) {
  ExpectExitWith0([] {
    Forbid(SYS_epoll_create1, EPERM);
    EpollPort port;
    return absl::IsUnavailable(port.Open());
  });
}

// As where the limit of this user's watches is reached.
TEST(EpollPortDeathTest, SaysThatItWatchesAsManyAsItMay) {
  ExpectExitWith0([] {
    Pipe pipe;
    EpollPort port;
    if (!port.Open().ok()) return false;
    Forbid(SYS_epoll_ctl, ENOSPC);
    CountingOperation operation;
    io_uring_sqe entry = {};
    io_uring_prep_poll_add(&entry, pipe.read_end(), POLLIN);
    port.Start(operation, entry);
    port.Poll();
    const bool is_right = operation.last_result == -EUSERS;
    port.Close();
    return is_right;
  });
}

}  // namespace
}  // namespace creche::internal
