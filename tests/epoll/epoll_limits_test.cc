// SPDX-License-Identifier: Apache-2.0
//
// An EpollPort where something is short, forbidden, or used wrongly. Each case
// is a process of its own.

#include <poll.h>
#include <sys/epoll.h>
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
#include "lib/epoll/epoll_set.h"
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

// As on kernels before 5.11; and where no descriptor is left, either.
TEST(EpollPortDeathTest, MeasuresItsWaitsWithoutEpollPwait2) {
  for (const int error : {ENOSYS, EPERM}) {
    ExpectExitWith0([&] {
      EpollPort port;
      if (!port.Open().ok()) return false;
      Forbid(SYS_epoll_pwait2, error);
      const int next = dup(0);
      close(next);
      const struct rlimit no_more = {static_cast<rlim_t>(next), 1024};
      setrlimit(RLIMIT_NOFILE, &no_more);
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

TEST(EpollPortDeathTest, EndsSuchAWaitForWhatHasCome) {
  ExpectExitWith0([&] {
    Pipe pipe;
    EpollPort port;
    if (!port.Open().ok()) return false;
    Forbid(SYS_epoll_pwait2, ENOSYS);
    const absl::Time start = absl::Now();
    port.Notify();
    port.Wait(absl::Minutes(1));
    CountingOperation operation;
    io_uring_sqe entry = {};
    io_uring_prep_poll_add(&entry, pipe.read_end(), POLLIN);
    port.Start(operation, entry);
    port.Poll();
    if (write(pipe.write_end(), "x", 1) != 1) return false;
    while (operation.completions == 0 &&
           absl::Now() - start < absl::Seconds(50)) {
      port.Wait(absl::Minutes(1));
    }
    const bool has_come = (operation.last_result & POLLIN) != 0;
    port.Close();
    return has_come && absl::Now() - start < absl::Seconds(50);
  });
}

TEST(EpollPortDeathTest, SaysThatEpollIsForbidden) {
  ExpectExitWith0([] {
    Forbid(SYS_epoll_create1, EPERM);
    EpollPort port;
    return absl::IsUnavailable(port.Open());
  });
}

// The number of watches that this user may have is reached: the set is as it
// was, and still hears of notifications.
TEST(EpollPortDeathTest, KeepsItsSetWhereNoOtherCanBeHad) {
  ExpectExitWith0([] {
    EpollSet set;
    if (!set.Open().ok()) return false;
    Forbid(SYS_epoll_ctl, ENOSPC);
    const size_t files = OpenFiles();
    if (set.Renew() || OpenFiles() != files) return false;
    set.Notify();
    epoll_event event = {};
    const bool has_come = set.Take(&event, 1, absl::InfiniteDuration()) == 1 &&
                          set.IsNotification(event);
    set.Close();
    return has_come;
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
