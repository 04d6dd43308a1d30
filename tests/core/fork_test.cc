// SPDX-License-Identifier: Apache-2.0
//
// A process that is forked from one with a run can exec, or end, but not go on
// with the run.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/sleep.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

// Runs `in_child` in a child of this process, as part of a task. Dies as the
// child does.
template <typename F>
void RunInAForkedTask(F in_child) {
  auto main = [&]() -> Task<> {
    const pid_t child = fork();
    if (child == 0) {
      co_await in_child();
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) std::abort();
  };
  absl::Status status = RunMocked(main);
  EXPECT_THAT(status, IsOk());
}

TEST(ForkDeathTest, TaskWaitsInTheChild) {
  EXPECT_DEATH(RunInAForkedTask([] { return SleepFor(absl::Seconds(1)); }),
               "forked from that of its run");
}

TEST(ForkDeathTest, TaskGivesWayInTheChild) {
  EXPECT_DEATH(RunInAForkedTask([]() -> Task<> {
                 for (;;) co_await Checkpoint();
               }),
               "forked from that of its run");
}

// Whatever is wrong in the child, this may be why.
TEST(ForkDeathTest, EveryAbortInTheChildSaysIt) {
  EXPECT_DEATH(RunInAForkedTask([]() -> Task<> {
                 internal::Misuse("a rule");
                 co_return;
               }),
               "creche: a rule\ncreche: this process was forked");
}

TEST(ForkTest, ChildMayEnd) {
  RunInAForkedTask([]() -> Task<> { co_return; });
}

// The run is then none of the child's business: it may have its own.
TEST(ForkTest, ForkedBeforeTheRun) {
  const pid_t child = fork();
  if (child == 0) {
    const absl::Status status =
        RunMocked([]() -> Task<> { co_await SleepFor(absl::Seconds(1)); });
    _exit(status.ok() ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace creche
