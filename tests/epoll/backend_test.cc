// SPDX-License-Identifier: Apache-2.0
//
// Which backend a run has: what RunOptions and CRECHE_BACKEND say, and where
// io_uring cannot be had. Each sandbox is a process of its own, because there
// is no way out of one.

#include "creche/core/backend.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/core/statistics.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/file.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation.h"
#include "gtest/gtest.h"
#include "tests/support/forbid.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

// Uses each kind of wait that a port has.
Task<absl::StatusOr<Backend>> UseIt() {
  const int result =
      co_await Uring([](io_uring_sqe& entry) { io_uring_prep_nop(&entry); });
  if (result != 0) co_return absl::InternalError("the operation failed");
  co_await MoveOnAfter(absl::Milliseconds(1), SleepForever());
  auto info = GetFileInfo("/");
  const absl::Status found = (co_await std::move(info)).status();
  if (!found.ok()) co_return found;
  co_return statistics().backend;
}

absl::StatusOr<Backend> RunOn(Backend backend) {
  RunOptions options;
  options.backend = backend;
  return creche::Run(std::move(options), UseIt);
}

// As CRECHE_BACKEND, while it lives; nullptr: there is no such variable.
class Variable {
 public:
  explicit Variable(const char* value) {
    const char* before = std::getenv(kName);
    if (before != nullptr) before_ = before;
    Set(value);
  }
  ~Variable() { Set(before_.has_value() ? before_->c_str() : nullptr); }

 private:
  static constexpr const char* kName = "CRECHE_BACKEND";

  static void Set(const char* value) {
    if (value == nullptr) {
      unsetenv(kName);
    } else {
      setenv(kName, value, /*overwrite=*/1);
    }
  }

  std::optional<std::string> before_;
};

// What is expected of io_uring can be seen only where it is allowed.
#define SKIP_WITHOUT_IO_URING()                    \
  if (!RunOn(Backend::kUring).ok()) {              \
    GTEST_SKIP() << "io_uring cannot be had here"; \
  }

TEST(BackendTest, OptionsSayWhich) {
  SKIP_WITHOUT_IO_URING();
  const Variable none(nullptr);
  EXPECT_EQ(RunOn(Backend::kUring).value(), Backend::kUring);
  EXPECT_EQ(RunOn(Backend::kEpoll).value(), Backend::kEpoll);
  EXPECT_EQ(RunOn(Backend::kAuto).value(), Backend::kUring);
}

TEST(BackendTest, TheEnvironmentDecidesInsteadOfAuto) {
  SKIP_WITHOUT_IO_URING();
  for (const char* name : {"epoll", "uring", "auto"}) {
    const Variable variable(name);
    const Backend expected = name[0] == 'e' ? Backend::kEpoll : Backend::kUring;
    EXPECT_EQ(RunOn(Backend::kAuto).value(), expected) << name;
    EXPECT_EQ(RunOn(Backend::kUring).value(), Backend::kUring) << name;
    EXPECT_EQ(RunOn(Backend::kEpoll).value(), Backend::kEpoll) << name;
  }
}

TEST(BackendTest, TheEnvironmentMayBeWrong) {
  const Variable variable("kqueue");
  EXPECT_THAT(RunOn(Backend::kAuto).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       ::testing::HasSubstr("CRECHE_BACKEND is 'kqueue'")));
  EXPECT_EQ(RunOn(Backend::kEpoll).value(), Backend::kEpoll);
}

TEST(BackendTest, APortOfItsOwnIsNeither) {
  FakePort port;
  RunOptions options;
  options.port = &port;
  const auto main = []() -> Task<absl::StatusOr<Backend>> {
    co_return statistics().backend;
  };
  EXPECT_EQ(creche::Run(std::move(options), main).value(), Backend::kAuto);
}

// In a process of its own, which then has `backend`, or else an error of
// `code`, and leaves no descriptor behind.
void ExpectInSandbox(const std::function<void()>& enter,
                     absl::StatusOr<Backend> expected) {
  const auto run = [&] {
    const Variable none(nullptr);
    enter();
    const size_t files = OpenFiles();
    const absl::StatusOr<Backend> backend = RunOn(Backend::kAuto);
    fprintf(stderr, "%s\n", backend.status().ToString().c_str());
    const bool is_expected =
        backend.ok() ? expected.ok() && *backend == *expected
                     : backend.status().code() == expected.status().code();
    _exit(is_expected && OpenFiles() == files ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

void ExpectWithout(int system_call, int error,
                   absl::StatusOr<Backend> expected) {
  SCOPED_TRACE(testing::Message() << system_call << ", " << error);
  ExpectInSandbox([&] { Forbid(system_call, error); }, std::move(expected));
}

TEST(BackendDeathTest, FallsBackWhereThereIsNoIoUring) {
  for (const int error : {ENOSYS, EPERM, EACCES, EOPNOTSUPP, EINVAL}) {
    ExpectWithout(SYS_io_uring_setup, error, Backend::kEpoll);
  }
}

TEST(BackendDeathTest, FallsBackWhereHalfOfIoUringIsForbidden) {
  for (const int error : {ENOSYS, EPERM, EACCES}) {
    ExpectWithout(SYS_io_uring_enter, error, Backend::kEpoll);
  }
}

TEST(BackendDeathTest, NeedsNoRegistering) {
  SKIP_WITHOUT_IO_URING();
  ExpectWithout(SYS_io_uring_register, EPERM, Backend::kUring);
}

// What is short for the moment is no reason to be slower for ever.
TEST(BackendDeathTest, DoesNotFallBackWhereSomethingIsShort) {
  for (const int error : {ENOMEM, EMFILE, ENFILE}) {
    ExpectWithout(SYS_io_uring_setup, error,
                  absl::ResourceExhaustedError("expected"));
  }
}

TEST(BackendDeathTest, SaysThatNeitherCanBeHad) {
  const auto enter = [] {
    Forbid(SYS_io_uring_setup, EPERM);
    Forbid(SYS_epoll_create1, EPERM);
  };
  ExpectInSandbox(enter, absl::UnavailableError("expected"));
}

}  // namespace
}  // namespace creche
