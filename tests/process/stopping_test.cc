// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a RunProcess() that is cancelled: nobody is left.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/combinators.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/directory.h"
#include "creche/io/file.h"
#include "creche/io/read_write_file.h"
#include "creche/process/command.h"
#include "creche/process/run_process.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

Command Shell(std::string script) {
  Command command("sh");
  command.add_argument("-c").add_argument(std::move(script));
  return command;
}

bool HasChildren() { return waitpid(-1, nullptr, WNOHANG) >= 0; }

// Those of whose command line `text` is a part, zombies not.
Task<absl::StatusOr<std::vector<int>>> ProcessesWith(std::string text) {
  std::vector<int> found;
  const std::vector<std::string> names = co_await Try(ListDirectory("/proc"));
  for (const std::string& name : names) {
    int pid = 0;
    if (!absl::SimpleAtoi(name, &pid) || pid == getpid()) continue;
    const absl::StatusOr<std::string> line =
        co_await ReadFile(absl::StrCat("/proc/", pid, "/cmdline"));
    if (line.ok() && absl::StrContains(*line, text)) found.push_back(pid);
  }
  co_return found;
}

// Runs `command` until `path` exists, which it makes when it is ready.
Task<absl::Status> CancelWhenReady(Command command, std::string path) {
  auto wait = [&]() -> Task<> {
    for (;;) {
      if ((co_await GetFileInfo(path)).ok()) co_return;
      co_await SleepFor(absl::Milliseconds(1));
    }
  };
  auto run = RunProcess(std::move(command));
  const auto outcome = co_await Race(wait, std::move(run));
  EXPECT_FALSE(std::get<1>(outcome).has_value());
  co_return co_await RemoveFile(path);
}

// Each test sleeps for a time of its own, by which its processes are found.
void ExpectNobodyLeft(Command command, std::string sleeps, std::string path) {
  auto main = [&]() -> Task<absl::Status> {
    co_await Try(CancelWhenReady(command, path));
    const std::vector<int> left = co_await Try(ProcessesWith(sleeps));
    EXPECT_TRUE(left.empty()) << left.size() << " processes are left";
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_FALSE(HasChildren());
}

TEST(StoppingTest, TheGroupIsStoppedWithItsLeader) {
  const std::string path = PathOf("group");
  ExpectNobodyLeft(Shell(absl::StrCat("sleep 3001 & touch ", path, "; wait"))
                       .set_new_group(true)
                       .capture_output(),
                   "3001", path);
}

// The leader has ended when the cancellation comes; the captured stream is
// still open.
TEST(StoppingTest, TheGroupIsStoppedWithoutItsLeader) {
  const std::string path = PathOf("leaderless");
  ExpectNobodyLeft(Shell(absl::StrCat("sleep 3002 & touch ", path))
                       .set_new_group(true)
                       .capture_output(),
                   "3002", path);
}

TEST(StoppingTest, WhoIgnoresTheRequestIsKilled) {
  const std::string path = PathOf("deaf");
  ExpectNobodyLeft(Shell(absl::StrCat("trap '' TERM; sleep 3003 & touch ", path,
                                      "; sleep 3003; wait"))
                       .set_new_group(true)
                       .set_stop(absl::Milliseconds(50)),
                   "3003", path);
}

TEST(StoppingTest, AGroupThatForksMeanwhileHasNoEscape) {
  const std::string path = PathOf("forks");
  ExpectNobodyLeft(
      Shell(absl::StrCat("trap '' TERM; touch ", path,
                         "; while :; do sleep 3004 & sleep 0.001; done"))
          .set_new_group(true)
          .set_stop(absl::Milliseconds(20)),
      "3004", path);
}

// After a normal end, too, nobody of a group is left.
TEST(StoppingTest, AGroupEndsWithItsLeader) {
  auto main = []() -> Task<absl::Status> {
    co_await Try(RunProcess(Shell("sleep 3005 &").set_new_group(true)));
    for (;;) {
      const std::vector<int> left = co_await Try(ProcessesWith("3005"));
      if (left.empty()) co_return absl::OkStatus();
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// Without a group, nobody follows the grandchild; but it holds up nothing.
TEST(StoppingTest, AGrandchildWithThePipeHoldsUpNothing) {
  const std::string path = PathOf("holder");
  auto main = [&]() -> Task<absl::Status> {
    co_await Try(CancelWhenReady(
        Shell(absl::StrCat("sleep 3006 & touch ", path, "; wait"))
            .capture_output(),
        path));
    const std::vector<int> left = co_await Try(ProcessesWith("3006"));
    EXPECT_EQ(left.size(), 1U);
    for (const int pid : left) kill(pid, SIGKILL);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_FALSE(HasChildren());
}

TEST(StoppingTest, ASuspendedChildCanBeStopped) {
  const std::string path = PathOf("suspended");
  ExpectNobodyLeft(
      Shell(absl::StrCat("touch ", path, "; kill -STOP $$; sleep 3007")),
      "3007", path);
}

TEST(StoppingTest, ATimeoutIsACancellation) {
  auto main = []() -> Task<absl::Status> {
    const absl::Time start = absl::Now();
    auto run = RunProcess(Command("sleep").add_argument("3008"));
    const absl::StatusOr<ProcessResult> result =
        co_await FailAfter(absl::Milliseconds(50), std::move(run));
    EXPECT_THAT(result.status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
    // It ends when it is asked to; the grace is not waited for.
    EXPECT_LT(absl::Now() - start, absl::Seconds(5));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_FALSE(HasChildren());
}

// Each makes a process, which fails in exec.
TEST(StoppingTest, MissingProgramsLeaveNothing) {
  auto main = []() -> Task<> {
    const int next = dup(0);
    close(next);
    for (int i = 0; i < 10'000; ++i) {
      const absl::StatusOr<ProcessResult> result =
          co_await RunProcess(Command("/no/such/program").capture_output());
      EXPECT_THAT(result.status(), StatusIs(absl::StatusCode::kNotFound));
      if (!absl::IsNotFound(result.status())) break;
    }
    const int still = dup(0);
    close(still);
    EXPECT_EQ(still, next);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_FALSE(HasChildren());
}

Task<absl::Status> Filtering() {
  const ProcessResult result = co_await Try(RunProcess(
      Command("cat").set_input("text").capture_output().set_new_group(true)));
  // A write that fails counts as one to a child that does not read.
  EXPECT_TRUE(result.output.empty() ||
              absl::StrContains("text", result.output));
  co_return absl::OkStatus();
}

TEST(StoppingTest, SurvivesEverything) {
  CancelEverywhere(Filtering);
  FailEverywhere(Filtering);
}

}  // namespace
}  // namespace creche
