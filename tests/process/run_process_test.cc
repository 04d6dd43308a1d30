// SPDX-License-Identifier: Apache-2.0

#include "creche/process/run_process.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "creche/core/error_group.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/process/command.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/nobody.h"
#include "tests/support/path_of.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Command Shell(std::string script) {
  Command command("sh");
  command.add_argument("-c").add_argument(std::move(script));
  return command;
}

// Grows by one with each descriptor that is left open.
int NextDescriptor() {
  const int next = dup(0);
  close(next);
  return next;
}

// To its end, in a run of its own.
absl::StatusOr<ProcessResult> RunAlone(const Command& command) {
  auto main = [&]() -> Task<absl::StatusOr<ProcessResult>> {
    auto run = RunProcess(command);
    co_return co_await std::move(run);
  };
  return RunToTest(main);
}

TEST(RunProcessTest, CapturesOutputAndError) {
  const absl::StatusOr<ProcessResult> result = RunAlone(
      Shell("echo out; echo err >&2").capture_output().capture_error());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->error, "err\n");
}

TEST(RunProcessTest, MergesErrorIntoOutput) {
  const absl::StatusOr<ProcessResult> result = RunAlone(
      Shell("echo out; echo err >&2; echo out").capture_output().merge_error());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "out\nerr\nout\n");
  EXPECT_EQ(result->error, "");
}

TEST(RunProcessTest, InputIsEmptyUnlessGiven) {
  absl::StatusOr<ProcessResult> result =
      RunAlone(Command("cat").capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "");
  result = RunAlone(Command("cat").set_input("given").capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "given");
}

// Both pipes are full at once.
TEST(RunProcessTest, MuchGoesThroughBothWays) {
  const std::string much(size_t{64} << 20, 'x');
  const absl::StatusOr<ProcessResult> result =
      RunAlone(Command("cat").set_input(much).capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->output == much);
}

TEST(RunProcessTest, BothStreamsAreReadAtOnce) {
  const absl::StatusOr<ProcessResult> result =
      RunAlone(Shell("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero")
                   .capture_output()
                   .capture_error());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output.size(), 1'000'000U);
  EXPECT_EQ(result->error.size(), 1'000'000U);
}

TEST(RunProcessTest, AChildNeedNotReadItsInput) {
  const std::string much(size_t{1} << 20, 'x');
  EXPECT_THAT(RunAlone(Command("true").set_input(much)), IsOk());
}

// Programs rely on SIGPIPE, which pipes of this process ignore.
TEST(RunProcessTest, SigpipeEndsAPipeline) {
  const absl::StatusOr<ProcessResult> result =
      RunAlone(Shell("yes | head -n 2").capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "y\ny\n");
}

TEST(RunProcessTest, AFailureIsAnErrorThatHasTheResult) {
  const absl::StatusOr<ProcessResult> result = RunAlone(
      Shell("echo out; echo why >&2; exit 3").capture_output().capture_error());
  EXPECT_THAT(result.status(), StatusIs(absl::StatusCode::kUnknown));
  EXPECT_TRUE(absl::StrContains(result.status().message(),
                                "has failed with exit code 3: why"))
      << result.status();
  const std::optional<ProcessResult> failed = FailedProcess(result.status());
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->exit_code, 3);
  EXPECT_EQ(failed->output, "out\n");
  EXPECT_EQ(failed->error, "why\n");
  // Also among other errors.
  EXPECT_TRUE(
      FailedProcess(GroupErrors({absl::AbortedError("other"), result.status()}))
          .has_value());
  EXPECT_FALSE(FailedProcess(absl::UnknownError("other")).has_value());
  EXPECT_FALSE(FailedProcess(absl::OkStatus()).has_value());
}

TEST(RunProcessTest, AFailureIsNoneIfItIsNotChecked) {
  absl::StatusOr<ProcessResult> result =
      RunAlone(Shell("exit 3").set_check(false));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->exit_code, 3);
  result = RunAlone(Shell("kill -KILL $$").set_check(false));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->exit_code, -9);
  EXPECT_TRUE(absl::StrContains(
      RunAlone(Shell("kill -KILL $$")).status().message(), "SIGKILL"));
}

TEST(RunProcessTest, WhatIsCapturedCanBeBounded) {
  const absl::StatusOr<ProcessResult> result = RunAlone(
      Command("yes").capture_output().set_max_captured(100'000).set_stop(
          absl::Seconds(1)));
  EXPECT_THAT(result.status(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(absl::StrContains(result.status().message(), "100000 bytes"))
      << result.status();
  EXPECT_THAT(
      RunAlone(Shell("printf 12345").capture_output().set_max_captured(5)),
      IsOk());
}

TEST(RunProcessTest, HasTheEnvironmentItIsGiven) {
  setenv("CRECHE_INHERITED", "inherited", 1);
  const std::string script =
      "echo $CRECHE_INHERITED $CRECHE_ADDED ${HOME:-homeless}";
  absl::StatusOr<ProcessResult> result =
      RunAlone(Shell(script)
                   .add_environment("CRECHE_ADDED", "first")
                   .add_environment("CRECHE_ADDED", "second")
                   .add_environment("HOME", "here")
                   .capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "inherited second here\n");
  result = RunAlone(Shell(script)
                        .add_environment("HOME", "gone")
                        .clear_environment()
                        .add_environment("CRECHE_ADDED", "only")
                        .capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "only homeless\n");
}

TEST(RunProcessTest, RunsInItsDirectory) {
  const absl::StatusOr<ProcessResult> result =
      RunAlone(Command("pwd").set_directory("/usr/lib").capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "/usr/lib\n");
}

TEST(RunProcessTest, HasNoOtherDescriptors) {
  // One that is not closed on exec.
  const int leaky = dup(STDIN_FILENO);
  const absl::StatusOr<ProcessResult> result =
      RunAlone(Shell("ls /proc/self/fd").capture_output());
  ASSERT_THAT(result, IsOk());
  // The last one is that of the directory itself.
  EXPECT_EQ(result->output, "0\n1\n2\n3\n");
  close(leaky);
}

TEST(RunProcessTest, HasNoSignalsBlocked) {
  absl::StatusOr<ProcessResult> result =
      RunAlone(Shell("grep SigBlk /proc/self/status").capture_output());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "SigBlk:\t0000000000000000\n");
  result = RunAlone(Shell("kill -PIPE $$").set_check(false));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->exit_code, -SIGPIPE);
}

void ExpectError(const Command& command, absl::StatusCode code,
                 const std::string& text) {
  const absl::StatusOr<ProcessResult> result = RunAlone(command);
  EXPECT_THAT(result.status(), StatusIs(code));
  EXPECT_TRUE(absl::StrContains(result.status().message(), text))
      << result.status();
  EXPECT_FALSE(FailedProcess(result.status()).has_value());
}

TEST(RunProcessTest, SaysWhyNothingWasStarted) {
  using std::string_literals::operator""s;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kNotFound = absl::StatusCode::kNotFound;
  ExpectError(Command("creche-no-such"), kNotFound, "start creche-no-such");
  ExpectError(Command("/no/such").add_argument("with argument"), kNotFound,
              "/no/such 'with argument'");
  ExpectError(Command("/etc/passwd"), absl::StatusCode::kPermissionDenied,
              "/etc/passwd");
  ExpectError(Command("/"), absl::StatusCode::kPermissionDenied, "start /");
  ExpectError(Command("true").set_directory("/no/such"), kNotFound,
              "its directory /no/such");
  ExpectError(Command("true").set_directory("/etc/passwd"),
              absl::StatusCode::kFailedPrecondition,
              "its directory /etc/passwd");
  ExpectError(Command(""), kInvalid, "it has no name");
  ExpectError(Command("true").add_argument("a").add_argument("b\0c"s), kInvalid,
              "argument 2 has a NUL");
  ExpectError(Command("true").add_environment("A=B", ""), kInvalid,
              "a variable cannot be called \"A=B\"");
  ExpectError(Command("true").add_environment("A", "\0"s), kInvalid,
              "the variable A has a NUL");
  ExpectError(Command("true").add_argument(std::string(200'000, 'x')), kInvalid,
              "argument 1 has 200000 bytes");
  ExpectError(Command("true").add_environment("A", std::string(200'000, 'x')),
              kInvalid, "the variable A has 200002 bytes");
  Command many("true");
  for (int i = 0; i < 100; ++i) many.add_argument(std::string(100'000, 'x'));
  ExpectError(many, kInvalid, "arguments and environment have 10");
  ExpectError(Command("true").pipe_output(), kInvalid, "Process::Start()");
}

TEST(RunProcessTest, SaysThatDescriptorsAreShort) {
  auto main = []() -> Task<> {
    rlimit before = {};
    getrlimit(RLIMIT_NOFILE, &before);
    const int next = NextDescriptor();
    rlimit few = before;
    // At first the pipe has none; then /dev/null, when the pipe has two.
    for (int room = 0; room < 5; ++room) {
      few.rlim_cur = static_cast<rlim_t>(next + room);
      setrlimit(RLIMIT_NOFILE, &few);
      const absl::StatusOr<ProcessResult> result =
          co_await RunProcess(Command("true").capture_output());
      setrlimit(RLIMIT_NOFILE, &before);
      if (room < 3) {
        EXPECT_THAT(result.status(),
                    StatusIs(absl::StatusCode::kResourceExhausted))
            << room;
        EXPECT_TRUE(absl::StrContains(result.status().message(), "true"))
            << result.status();
      }
      EXPECT_EQ(NextDescriptor(), next) << room;
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

void SetProcesses(rlim_t count) {
  rlimit limit = {};
  getrlimit(RLIMIT_NPROC, &limit);
  limit.rlim_cur = std::min(count, limit.rlim_max);
  if (setrlimit(RLIMIT_NPROC, &limit) != 0) _exit(2);
}

// In a process of its own, of a user who is not privileged. First there is not
// even a thread to be had, on which processes are started; it stays for the
// second time.
void RunWithoutProcesses() {
  if (geteuid() == 0 && setuid(kNobody) != 0) _exit(3);
  auto main = []() -> Task<> {
    const Command command = Command("true").capture_output();
    const int next = NextDescriptor();
    for (const char* missing : {"thread", "process"}) {
      SetProcesses(0);
      const absl::StatusOr<ProcessResult> result = co_await RunProcess(command);
      SetProcesses(RLIM_INFINITY);
      EXPECT_THAT(result.status(),
                  StatusIs(absl::StatusCode::kResourceExhausted,
                           AllOf(HasSubstr(missing), HasSubstr("ulimit -u"))));
      EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
      EXPECT_EQ(NextDescriptor(), next);
      EXPECT_THAT((co_await RunProcess(command)).status(), IsOk());
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  _exit(::testing::Test::HasFailure() ? 1 : 0);
}

TEST(RunProcessDeathTest, SaysThatThereIsNoProcess) {
  if (!CanBecomeNobody()) GTEST_SKIP() << "there is no user but root here";
  EXPECT_EXIT(RunWithoutProcesses(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace creche
