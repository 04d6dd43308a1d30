// SPDX-License-Identifier: Apache-2.0

#include "creche/core/task.h"

#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

Task<int> One() { co_return 1; }

TEST(TaskTest, ReturnsItsValue) {
  testing::FakePort port;

  auto result = creche::Run({.port = &port},
                            []() -> Task<int> { co_return co_await One(); });

  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 1);
}

}  // namespace
}  // namespace creche
