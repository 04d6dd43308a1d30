// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/setup_error.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

void ExpectError(int error, int disabled, absl::StatusCode code,
                 const char* message) {
  const absl::Status status = SetupError(error, disabled);
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), message)) << status;
}

TEST(SetupErrorTest, TellsWhoForbidsIt) {
  constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
  ExpectError(EPERM, -1, kUnavailable, "seccomp");
  ExpectError(EPERM, 0, kUnavailable, "seccomp");
  ExpectError(EPERM, 1, kUnavailable, "kernel.io_uring_group");
  ExpectError(EPERM, 2, kUnavailable, "sysctl kernel.io_uring_disabled=0");
  ExpectError(EACCES, -1, kUnavailable, "seccomp");
  ExpectError(ENOSYS, -1, kUnavailable, "Linux 5.11");
  ExpectError(EOPNOTSUPP, -1, kUnavailable, "Linux 5.11");
  ExpectError(EINVAL, -1, kUnavailable, "too old");
}

TEST(SetupErrorTest, TellsWhatHasRunOut) {
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  ExpectError(ENOMEM, -1, kExhausted, "ulimit -l");
  ExpectError(EMFILE, -1, kExhausted, "ulimit -n");
  ExpectError(ENFILE, -1, kExhausted, "fs.file-max");
}

// Whatever else it is, a run does not go on without io_uring because of it.
TEST(SetupErrorTest, TellsOfWhatIsNotExpected) {
  ExpectError(EINTR, -1, absl::StatusCode::kInternal, "io_uring_setup");
  ExpectError(EAGAIN, -1, absl::StatusCode::kInternal, "io_uring_setup");
}

}  // namespace
}  // namespace creche::internal
