// SPDX-License-Identifier: Apache-2.0
//
// When a UringPort says that it is idle.

#include <poll.h>
#include <unistd.h>

#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"
#include "lib/uring/uring_port.h"
#include "tests/support/counting_operation.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

void StartPoll(UringPort& port, Operation& operation, const Pipe& pipe) {
  io_uring_sqe entry = {};
  io_uring_prep_poll_add(&entry, pipe.read_end(), POLLIN);
  port.Start(operation, entry);
}

TEST(IdlePortTest, IsIdleWhileNothingIsUnderWay) {
  Pipe pipe;
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  EXPECT_TRUE(port.is_idle());
  CountingOperation first;
  CountingOperation second;

  StartPoll(port, first, pipe);
  EXPECT_FALSE(port.is_idle());
  StartPoll(port, second, pipe);
  port.Poll();
  EXPECT_FALSE(port.is_idle());

  port.Cancel(first);
  while (first.completions == 0) port.Wait(absl::InfiniteDuration());
  EXPECT_FALSE(port.is_idle());
  ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  while (second.completions == 0) port.Wait(absl::InfiniteDuration());
  EXPECT_TRUE(port.is_idle());
  port.Close();
}

TEST(IdlePortTest, IsNotIdleWhileSomethingGoesOnInTheBackground) {
  Pipe pipe;
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  CountingOperation operation(Operation::Kind::kBackground);
  CountingOperation awaited;

  StartPoll(port, operation, pipe);
  EXPECT_FALSE(port.is_idle());
  StartPoll(port, awaited, pipe);
  port.Cancel(awaited);
  while (awaited.completions == 0) port.Wait(absl::InfiniteDuration());
  EXPECT_FALSE(port.is_idle());
  ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  while (operation.completions == 0) port.Wait(absl::InfiniteDuration());
  EXPECT_TRUE(port.is_idle());
  port.Close();
}

TEST(IdlePortTest, WhatCompletesAtOnceIsNotUnderWay) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  CountingOperation operation;
  io_uring_sqe entry = {};
  io_uring_prep_nop(&entry);
  OperationResult result;

  ASSERT_TRUE(port.StartAtOnce(operation, entry, result));
  EXPECT_TRUE(port.is_idle());
  port.Close();
}

// What was notified while the port was idle still ends the next wait.
TEST(IdlePortTest, IsNotifiedWhileItIsIdle) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  for (int round = 0; round < 3; ++round) {
    port.Notify();
    EXPECT_TRUE(port.is_idle());
    port.Wait(absl::InfiniteDuration());
  }
  port.Close();
}

}  // namespace
}  // namespace creche::internal
