// SPDX-License-Identifier: Apache-2.0
//
// Nothing tells an EpollPort what numbers of descriptors mean.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/epoll/epoll_port_fixture.h"
#include "tests/support/counting_operation.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

using DescriptorNumbersTest = EpollPortTest;

TEST_F(DescriptorNumbersTest, AFileMayHaveSeveralNumbers) {
  SocketPair sockets;
  const int duplicate = dup(sockets.first());
  CountingOperation one;
  CountingOperation other;
  StartPoll(one, sockets.first(), POLLIN);
  StartPoll(other, duplicate, POLLIN);
  ASSERT_EQ(write(sockets.second(), "x", 1), 1);
  WaitUntilDone();
  EXPECT_EQ(one.last_result, POLLIN);
  EXPECT_EQ(other.last_result, POLLIN);
  close(duplicate);
}

// The set goes on watching the old file, as long as it has another number.
TEST_F(DescriptorNumbersTest, ANumberMayComeToMeanAnotherFile) {
  SocketPair old;
  SocketPair fresh;
  const int number = dup(old.first());
  CountingOperation before;
  StartPoll(before, number, POLLIN);
  CancelAndWait(before);
  ASSERT_EQ(dup2(fresh.first(), number), number);

  CountingOperation receive;
  CountingOperation poll;
  StartPoll(poll, number, POLLIN);
  StartReceive(receive, number);
  ASSERT_EQ(write(old.second(), "old", 3), 3);
  port_.Wait(absl::Milliseconds(5));
  EXPECT_EQ(poll.completions, 0);
  EXPECT_EQ(receive.completions, 0);
  ASSERT_EQ(write(fresh.second(), "fresh", 5), 5);
  WaitUntilDone();
  EXPECT_EQ(poll.last_result, POLLIN);
  EXPECT_EQ(receive.last_result, 5);
  close(number);
}

TEST_F(DescriptorNumbersTest,
       WhatWaitsForAClosedDescriptorFailsWhenItsNumberIsTaken) {
  SocketPair old;
  SocketPair fresh;
  const int number = dup(old.first());
  old.CloseFirst();
  CountingOperation victim;
  StartReceive(victim, number);
  ASSERT_EQ(dup2(fresh.first(), number), number);  // Closes the old file.

  CountingOperation next;
  StartReceive(next, number);
  port_.Poll();
  EXPECT_EQ(victim.last_result, -EBADF);
  EXPECT_EQ(next.completions, 0);
  ASSERT_EQ(write(fresh.second(), "fresh", 5), 5);
  WaitUntilDone();
  EXPECT_EQ(next.last_result, 5);
  close(number);
}

}  // namespace
}  // namespace creche::internal
