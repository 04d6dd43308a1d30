// SPDX-License-Identifier: Apache-2.0
//
// Operations that go on whether or not a task waits.

#include <liburing.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"
#include "lib/uring/block_ring.h"
#include "lib/uring/uring_port.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

class BackgroundOperation final : public Operation {
 public:
  BackgroundOperation() : Operation(Kind::kBackground) {}

  void Completed(int result, unsigned flags) override {
    ++completions;
    last_result = result;
    last_flags = flags;
    if ((flags & IORING_CQE_F_BUFFER) != 0) {
      ++blocks;
      block_size = result;
      block_id = flags >> IORING_CQE_BUFFER_SHIFT;
    }
  }
  bool has_ended() const {
    return completions > 0 && (last_flags & IORING_CQE_F_MORE) == 0;
  }

  int completions = 0;
  int last_result = 0;
  unsigned last_flags = 0;
  // Of the last completion with a block. Kernels before 6.18 say with the last
  // block already, in one more completion, that there are no others.
  int blocks = 0;
  int block_size = 0;
  unsigned block_id = 0;
};

void StartPoll(UringPort& port, Operation& operation, int fd) {
  io_uring_sqe entry = {};
  io_uring_prep_poll_add(&entry, fd, POLLIN);
  port.Start(operation, entry);
}

TEST(BackgroundOperationTest, IsNotPending) {
  Pipe pipe;
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  BackgroundOperation operation;
  StartPoll(port, operation, pipe.read_end());
  EXPECT_EQ(port.pending(), 0U);
  ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  port.Wait(absl::Seconds(10));
  EXPECT_TRUE(operation.has_ended());
  EXPECT_EQ(operation.last_result, POLLIN);
  port.Close();
}

TEST(BackgroundOperationTest, EndsWithTheRun) {
  Pipe pipe;
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  BackgroundOperation operations[100];
  for (BackgroundOperation& operation : operations) {
    StartPoll(port, operation, pipe.read_end());
  }
  port.Cancel(operations[7]);
  port.Close();
  for (const BackgroundOperation& operation : operations) {
    EXPECT_TRUE(operation.has_ended());
    EXPECT_EQ(operation.last_result, -ECANCELED);
  }
}

class BlockRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(port_.Open(), IsOk());
    if (port_.blocks() == nullptr) {
      GTEST_SKIP() << "this kernel has no multishot receive";
    }
    io_uring_sqe entry = {};
    io_uring_prep_recv_multishot(&entry, sockets_.first(), nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = BlockRing::kGroup;
    port_.Start(receive_, entry);
  }
  void TearDown() override { port_.Close(); }

  // Sends a byte and takes the block that it comes in.
  unsigned ReceiveBlock() {
    EXPECT_EQ(write(sockets_.second(), "x", 1), 1);
    const int before = receive_.blocks;
    while (receive_.blocks == before) port_.Wait(absl::Seconds(10));
    EXPECT_EQ(receive_.block_size, 1);
    EXPECT_EQ(*port_.blocks()->Lend(receive_.block_id), 'x');
    return receive_.block_id;
  }

  SocketPair sockets_;
  UringPort port_;
  BackgroundOperation receive_;
};

TEST_F(BlockRingTest, LendsTheSameBlocksAgainAndAgain) {
  for (unsigned i = 0; i < 3 * BlockRing::kBlocks; ++i) {
    port_.blocks()->Return(ReceiveBlock());
  }
  EXPECT_FALSE(receive_.has_ended());
}

TEST_F(BlockRingTest, RunsOutWhenNoneIsReturned) {
  for (unsigned i = 0; i < BlockRing::kBlocks; ++i) {
    EXPECT_EQ(port_.blocks()->is_short(), i > BlockRing::kBlocks * 3 / 4);
    ReceiveBlock();
  }
  ASSERT_EQ(write(sockets_.second(), "x", 1), 1);
  while (!receive_.has_ended()) port_.Wait(absl::Seconds(10));
  EXPECT_EQ(receive_.last_result, -ENOBUFS);
  for (unsigned id = 0; id < BlockRing::kBlocks; ++id) {
    port_.blocks()->Return(id);
  }
}

}  // namespace
}  // namespace creche::internal
