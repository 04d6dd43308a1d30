// SPDX-License-Identifier: Apache-2.0
//
// What Run() says where io_uring, or part of it, is forbidden, and it is to use
// nothing else. Each sandbox is a process of its own, because there is no way
// out of one.

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/uring/operation.h"
#include "gtest/gtest.h"
#include "tests/support/forbid.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

// An operation of the kernel, and a wait that is cancelled.
Task<absl::Status> UseIt() {
  const int result =
      co_await Uring([](io_uring_sqe& entry) { io_uring_prep_nop(&entry); });
  if (result != 0) co_return absl::InternalError("the operation failed");
  co_await MoveOnAfter(absl::Milliseconds(1), SleepForever());
  co_return absl::OkStatus();
}

absl::Status RunOnUring() {
  RunOptions options;
  options.backend = Backend::kUring;
  return creche::Run(std::move(options), UseIt);
}

// Runs, and ends the process: with 0 if Run() answers what is expected, and
// leaves no descriptor behind.
void RunAndExit(absl::StatusCode code, const char* message) {
  const size_t files = OpenFiles();
  const absl::Status status = RunOnUring();
  const bool is_expected = status.code() == code &&
                           absl::StrContains(status.message(), message) &&
                           OpenFiles() == files;
  if (!is_expected) fprintf(stderr, "%s\n", status.ToString().c_str());
  _exit(is_expected ? 0 : 1);
}

void ExpectWithout(int system_call, int error, absl::StatusCode code,
                   const char* message) {
  const auto run = [&] {
    Forbid(system_call, error);
    RunAndExit(code, message);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

TEST(RunInASandboxDeathTest, SaysThatIoUringIsForbidden) {
  for (const int error : {EPERM, EACCES}) {
    ExpectWithout(__NR_io_uring_setup, error, absl::StatusCode::kUnavailable,
                  "seccomp");
  }
}

TEST(RunInASandboxDeathTest, SaysThatTheKernelHasNoIoUring) {
  for (const int error : {ENOSYS, EOPNOTSUPP}) {
    ExpectWithout(__NR_io_uring_setup, error, absl::StatusCode::kUnavailable,
                  "does not know");
  }
}

// A profile that allows too little is found at once, not in the first wait.
TEST(RunInASandboxDeathTest, SaysThatHalfOfIoUringIsForbidden) {
  ExpectWithout(__NR_io_uring_enter, EPERM, absl::StatusCode::kUnavailable,
                "io_uring_enter");
  ExpectWithout(__NR_io_uring_enter, ENOSYS, absl::StatusCode::kUnavailable,
                "does not know");
}

// What is registered makes things faster; nothing needs it.
TEST(RunInASandboxDeathTest, WorksWithoutRegistering) {
  ExpectWithout(__NR_io_uring_register, EPERM, absl::StatusCode::kOk, "");
  ExpectWithout(__NR_io_uring_register, ENOSYS, absl::StatusCode::kOk, "");
}

// Not every kernel counts the memory of rings, and none for the privileged.
TEST(RunInASandboxDeathTest, SaysThatNoMemoryMayBeLocked) {
  const auto run = [] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    syscall(SYS_capset, &header, none);
    struct rlimit limit = {0, 0};
    setrlimit(RLIMIT_MEMLOCK, &limit);
    if (RunOnUring().ok()) _exit(0);
    RunAndExit(absl::StatusCode::kResourceExhausted, "ulimit -l");
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace creche
