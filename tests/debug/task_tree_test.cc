// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/task_tree.h"

#include <sstream>
#include <string>

#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

TEST(TaskTreeTest, IsOfTheRunThatIsAsked) {
  FakePort port;
  std::string tree;
  std::ostringstream dump;
  auto status = creche::Run({.port = &port}, [&]() -> Task<> {
    tree = TaskTree();
    DumpTasks(dump);
    co_return;
  });
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(tree, "task 'main' is running\n");
  EXPECT_EQ(dump.str(), tree);
}

TEST(TaskTreeTest, IsPrintedToStandardErrorUnlessToldOtherwise) {
  FakePort port;
  ::testing::internal::CaptureStderr();
  auto status = creche::Run({.port = &port}, [&]() -> Task<> {
    DumpTasks();
    co_return;
  });
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "task 'main' is running\n");
}

TEST(TaskTreeTest, IsEmptyOutsideOfARun) { EXPECT_EQ(TaskTree(), ""); }

}  // namespace
}  // namespace creche
