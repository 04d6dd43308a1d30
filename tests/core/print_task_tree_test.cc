// SPDX-License-Identifier: Apache-2.0

#include "lib/core/print_task_tree.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"

namespace creche {
namespace {

// In a task: the tasks of its run.
std::string PrintedTree() {
  std::ostringstream out;
  internal::PrintTaskTree(internal::running.scheduler->root(), out);
  return out.str();
}

Task<> SleepWithTimeout() {
  co_await MoveOnAfter(absl::Seconds(9), Shield(SleepFor(absl::Seconds(1))));
}

Task<> Park(ParkingLot& lot) { co_await lot.Park("its parking lot"); }

// Names files without their folders, and no lines.
std::string WithoutPlaces(const std::string& tree) {
  std::string lines;
  for (size_t begin = 0; begin < tree.size();) {
    const size_t end = tree.find('\n', begin);
    std::string line = tree.substr(begin, end - begin);
    line.resize(std::min(line.find(" at "), line.size()));
    lines += std::string(absl::StripSuffix(line, ", called")) + "\n";
    begin = end + 1;
  }
  return lines;
}

TEST(PrintTaskTreeTest, ShowsWhoWaitsForWhatInWhichScopes) {
  FakePort port;
  MockClock clock;
  std::string tree;
  auto status = creche::Run({.clock = &clock, .port = &port}, [&]() -> Task<> {
    ParkingLot lot;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Named("sleeper", SleepWithTimeout));
      nursery.StartSoon(Park, std::ref(lot));
      co_await Checkpoint();
      tree = PrintedTree();
      lot.UnparkAll();
    };
    (void)co_await WithNursery(body);
  });
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(WithoutPlaces(tree),
            "task 'main' is running\n"
            "  nursery\n"
            "    task 'sleeper' waits for SleepFor\n"
            "      cancel scope, deadline in 9s\n"
            "        cancel scope, shielded\n"
            "    task waits for its parking lot\n");
  EXPECT_THAT(tree, ::testing::ContainsRegex("print_task_tree_test.cc:[0-9]+"));
  EXPECT_THAT(tree, ::testing::Not(::testing::HasSubstr("internal/")));
}

TEST(PrintTaskTreeTest, SaysThatADeadlineHasPassed) {
  FakePort port;
  MockClock clock;
  std::string tree;
  auto look = [&]() -> Task<> {
    clock.Advance(absl::Seconds(2));
    tree = PrintedTree();
    co_return;
  };
  auto status = creche::Run({.clock = &clock, .port = &port}, [&]() -> Task<> {
    CancelScope long_ago({.deadline = absl::InfinitePast()});
    auto inside = [&]() -> Task<> {
      co_await MoveOnAfter(absl::Seconds(1), look());
    };
    co_await long_ago.Run(inside());
  });
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(WithoutPlaces(tree),
            "task 'main' is running\n"
            "  cancel scope, deadline has passed, cancelled: deadline\n"
            "    cancel scope, deadline has passed, cancelled from outside\n");
}

Task<int> LookFrom(std::string& tree) {
  tree = PrintedTree();
  co_return 1;
}

Task<int> Call(std::string& tree, int& line) {
  line = __LINE__ + 1;
  co_return co_await LookFrom(tree);
}

TEST(PrintTaskTreeTest, ShowsTheCallersOfTheTaskThatRuns) {
  FakePort port;
  MockClock clock;
  std::string tree;
  int inner = 0;
  const int outer = __LINE__ + 2;
  auto status = creche::Run({.clock = &clock, .port = &port},
                            [&]() -> Task<> { co_await Call(tree, inner); });
  ASSERT_THAT(status, IsOk());
  EXPECT_THAT(tree,
              ::testing::ContainsRegex(absl::StrCat(
                  "is running, called at [^ ]*print_task_tree_test.cc:", inner,
                  " < [^ ]*print_task_tree_test.cc:", outer, "\n")));
}

}  // namespace
}  // namespace creche
