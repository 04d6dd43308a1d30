// SPDX-License-Identifier: Apache-2.0

#include "creche/process/process.h"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/buffered_reader.h"
#include "creche/process/command.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/support/deaf_process.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

Command Sleeper() { return Command("sleep").add_argument("300"); }

// Whether the system has forgotten the process.
bool IsGone(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

// Until no such child is left, alive or as a zombie. Reaps none itself.
void UntilForgotten(idtype_t kind, id_t id) {
  siginfo_t info;
  while (waitid(kind, id, &info, WEXITED | WNOWAIT) == 0 || errno == EINTR) {
  }
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProcessTest, TalksWithItsChild) {
  auto main = []() -> Task<absl::Status> {
    Process cat =
        co_await Try(Process::Start(Command("cat").pipe_input().pipe_output()));
    EXPECT_GT(cat.pid(), 0);
    BufferedReader lines(cat.output());
    for (const char* const line : {"one", "two"}) {
      co_await Try(cat.input().SendAll(std::string(line) + "\n"));
      const std::string answer = co_await Try(lines.ReadLine());
      EXPECT_EQ(answer, line);
    }
    cat.input().Close();
    const int exit_code = co_await Try(cat.Wait());
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(IsGone(cat.pid()));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ProcessTest, ErrorHasAPipeOfItsOwn) {
  auto main = []() -> Task<absl::Status> {
    Process shell =
        co_await Try(Process::Start(Command("sh")
                                        .add_argument("-c")
                                        .add_argument("echo why >&2; exit 7")
                                        .pipe_error()));
    BufferedReader lines(shell.error());
    const std::string line = co_await Try(lines.ReadLine());
    EXPECT_EQ(line, "why");
    int exit_code = co_await Try(shell.Wait());
    EXPECT_EQ(exit_code, 7);
    // It can be asked again.
    exit_code = co_await Try(shell.Wait());
    EXPECT_EQ(exit_code, 7);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ProcessTest, AnyNumberOfTasksWait) {
  auto main = []() -> Task<absl::Status> {
    Process sleeper = co_await Try(Process::Start(Sleeper()));
    int ended = 0;
    auto wait = [&]() -> Task<absl::Status> {
      const int signal = co_await Try(sleeper.Wait());
      EXPECT_EQ(signal, -SIGTERM);
      ++ended;
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(wait);
      nursery.StartSoon(wait);
      // The first to wait gives up, and leaves the others waiting.
      const auto in_time =
          co_await MoveOnAfter(absl::Milliseconds(10), sleeper.Wait());
      EXPECT_FALSE(in_time.has_value());
      nursery.StartSoon(wait);
      co_await WaitAllTasksBlocked();
      EXPECT_EQ(ended, 0);
      co_return sleeper.Signal(SIGTERM);
    };
    co_await Try(WithNursery(body));
    EXPECT_EQ(ended, 3);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// The one that polls is cancelled: the next one takes over.
TEST(ProcessTest, TheTaskThatWaitedFirstMayGo) {
  auto main = []() -> Task<absl::Status> {
    Process sleeper = co_await Try(Process::Start(Sleeper()));
    auto first = [&]() -> Task<> {
      co_await MoveOnAfter(absl::Milliseconds(10), sleeper.Wait());
      EXPECT_THAT(sleeper.Signal(SIGKILL), IsOk());
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(first);
      nursery.StartSoon([&]() -> Task<absl::Status> {
        const int signal = co_await Try(sleeper.Wait());
        EXPECT_EQ(signal, -SIGKILL);
        co_return absl::OkStatus();
      });
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ProcessTest, ASignalAfterTheEndIsAnError) {
  auto main = []() -> Task<absl::Status> {
    Process process = co_await Try(Process::Start(Sleeper()));
    EXPECT_THAT(process.Signal(1000),
                StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(process.Signal(SIGKILL), IsOk());
    co_await Try(process.Wait());
    EXPECT_THAT(process.Signal(SIGTERM), StatusIs(absl::StatusCode::kNotFound));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ProcessTest, StopIsOrderly) {
  auto main = []() -> Task<absl::Status> {
    // It says that it is ready to be stopped, and ends in its own way.
    Process shell = co_await Try(Process::Start(
        Command("sh")
            .add_argument("-c")
            .add_argument("trap 'exit 5' TERM; echo; while :; do sleep 0.01; "
                          "done")
            .pipe_output()));
    BufferedReader lines(shell.output());
    co_await Try(lines.ReadLine());
    int exit_code = co_await Try(shell.Stop());
    EXPECT_EQ(exit_code, 5);
    exit_code = co_await Try(shell.Stop());
    EXPECT_EQ(exit_code, 5);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ProcessTest, StopEndsWhatIsSuspended) {
  auto main = []() -> Task<absl::Status> {
    Process sleeper = co_await Try(Process::Start(Sleeper()));
    co_await Try(sleeper.Signal(SIGSTOP));
    const int signal = co_await Try(sleeper.Stop());
    EXPECT_EQ(signal, -SIGTERM);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// No zombie stays, though nobody waits for it in this run, or in any other.
TEST(ProcessTest, OneThatIsDestroyedIsKilledAndReaped) {
  pid_t pid = 0;
  auto main = [&]() -> Task<absl::Status> {
    Process first = co_await Try(Process::Start(Sleeper()));
    pid = first.pid();
    Process second = co_await Try(Process::Start(Sleeper()));
    const pid_t killed = second.pid();
    // By being replaced, too.
    second = std::move(first);
    while (!IsGone(killed)) co_await SleepFor(absl::Milliseconds(1));
    EXPECT_FALSE(IsGone(pid));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  UntilForgotten(P_PID, static_cast<id_t>(pid));
}

TEST(ProcessTest, TasksThatWaitForWhatIsDestroyedHearOfIt) {
  auto main = []() -> Task<absl::Status> {
    std::optional<Process> sleeper;
    sleeper.emplace(co_await Try(Process::Start(Sleeper())));
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        const int signal = co_await Try(sleeper->Wait());
        EXPECT_EQ(signal, -SIGKILL);
        co_return absl::OkStatus();
      });
      co_await WaitAllTasksBlocked();
      sleeper.reset();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ProcessTest, TheHostMayIgnoreSigchld) {
  signal(SIGCHLD, SIG_IGN);
  auto main = []() -> Task<absl::Status> {
    Process done = co_await Try(Process::Start(Command("true")));
    const absl::StatusOr<int> exit_code = co_await done.Wait();
    EXPECT_THAT(exit_code.status(), StatusIs(absl::StatusCode::kUnknown));
    EXPECT_TRUE(absl::StrContains(exit_code.status().message(), "SIGCHLD"))
        << exit_code.status();
    // It can still be ended.
    Process sleeper = co_await Try(Process::Start(Sleeper()));
    (co_await sleeper.Stop()).status().IgnoreError();
    EXPECT_TRUE(IsGone(sleeper.pid()));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  signal(SIGCHLD, SIG_DFL);
}

TEST(ProcessTest, RefusesWhatIsRunProcesss) {
  auto main = []() -> Task<> {
    for (const Command& command :
         {Command("true").set_input("x"), Command("true").capture_output(),
          Command("true").capture_error()}) {
      const absl::StatusOr<Process> process = co_await Process::Start(command);
      EXPECT_THAT(process.status(),
                  StatusIs(absl::StatusCode::kInvalidArgument));
      EXPECT_TRUE(absl::StrContains(process.status().message(), "RunProcess"))
          << process.status();
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

Task<absl::Status> Talking() {
  Process cat =
      co_await Try(Process::Start(Command("cat").pipe_input().pipe_output()));
  co_await Try(cat.input().SendAll("x"));
  char buffer[1];
  co_await Try(cat.output().ReceiveSome(buffer));
  cat.input().Close();
  co_return (co_await cat.Wait()).status();
}

Task<absl::Status> Stopping() {
  Process process = co_await Try(StartDeafProcess(/*has_new_group=*/true));
  co_return (co_await process.Stop()).status();
}

TEST(ProcessTest, SurvivesEverything) {
  CancelEverywhere(Talking);
  FailEverywhere(Talking);
  CancelEverywhere(Stopping);
  FailEverywhere(Stopping);
  UntilForgotten(P_ALL, 0);
}

TEST(ProcessDeathTest, APipeMustHaveBeenAskedFor) {
  auto main = []() -> Task<absl::Status> {
    Process done = co_await Try(Process::Start(Command("true")));
    done.output();
    co_return absl::OkStatus();
  };
  EXPECT_DEATH(RunToTest(main).IgnoreError(),
               "Process::output\\(\\) of a process whose Command did not call "
               "pipe_output\\(\\)");
}

}  // namespace
}  // namespace creche
