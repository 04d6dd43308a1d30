// SPDX-License-Identifier: Apache-2.0
//
// File operations that wait in the kernel need a thread of it each.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/nobody.h"

namespace creche {
namespace {

std::string MakeFifo() {
  const std::string path = ::testing::TempDir() + "/kernel_threads_fifo";
  unlink(path.c_str());
  if (mkfifo(path.c_str(), 0600) != 0) abort();
  return path;
}

Task<absl::Status> OpenToWrite(const std::string& path) {
  auto open = File::Open(path, File::kWrite);
  co_return (co_await std::move(open)).status();
}

TEST(KernelThreadsTest, AnOpenThatWaitsIsCancelled) {
  const std::string fifo = MakeFifo();
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await FailAfter(absl::Milliseconds(20), OpenToWrite(fifo));
  };
  EXPECT_THAT(creche::Run(main), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

// The kernel's own limit is four for each processor.
TEST(KernelThreadsTest, FilesCanBeUsedWhileManyOpensWait) {
  const std::string fifo = MakeFifo();
  const unsigned waiting = 4 * std::thread::hardware_concurrency() + 40;
  auto main = [&]() -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      auto wait = [&]() -> Task<absl::Status> {
        co_return co_await OpenToWrite(fifo);
      };
      for (unsigned i = 0; i < waiting; ++i) nursery.StartSoon(wait);
      co_await SleepFor(absl::Milliseconds(20));
      co_await Try(
          FailAfter(absl::Seconds(10), OpenToWrite(fifo + ".regular")));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

// Linux 5.10 does, until there is a thread; 6.1 gives up (5.10.223 and 6.1.176
// were seen).
bool KernelTriesForEver() {
  utsname kernel = {};
  return uname(&kernel) == 0 && std::atoi(kernel.release) < 6;
}

// In a process of its own, of a user who is not privileged. The kernel does not
// limit those of root.
void RunWithoutThreads() {
  const absl::Duration timeout =
      KernelTriesForEver() ? absl::Milliseconds(50) : absl::InfiniteDuration();
  auto main = [&]() -> Task<absl::Status> {
    auto info = GetFileInfo("/");
    co_return (co_await FailAfter(timeout, std::move(info))).status();
  };
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(2);
  if (geteuid() == 0 && setuid(kNobody) != 0) _exit(3);
  const absl::Status status = creche::Run(main);
  const bool says_why = status.code() == absl::StatusCode::kResourceExhausted &&
                        absl::StrContains(status.message(), "ulimit -u");
  const bool is_expected =
      says_why || (KernelTriesForEver() && IsTimeout(status));
  if (!is_expected) fprintf(stderr, "%s\n", status.ToString().c_str());
  _exit(is_expected ? 0 : 1);
}

TEST(KernelThreadsDeathTest, SaysThatNoThreadCanBeMade) {
  if (!CanBecomeNobody()) GTEST_SKIP() << "there is no user but root here";
  EXPECT_EXIT(RunWithoutThreads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace creche
