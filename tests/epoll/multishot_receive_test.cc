// SPDX-License-Identifier: Apache-2.0
//
// What receives all that comes has its descriptor watched for as long as it
// goes on.

#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"
#include "lib/uring/block_ring.h"
#include "tests/epoll/epoll_port_fixture.h"
#include "tests/support/counting_operation.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

// Of the only epoll instance of this process.
int EpollDescriptor() {
  for (const auto& file :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (read_symlink(file, gone) == "anon_inode:[eventpoll]") {
      return std::stoi(file.path().filename());
    }
  }
  return -1;
}

// What the set watches `fd` for, as the kernel tells it; -1: not at all.
int WatchedFor(int fd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(EpollDescriptor()));
  std::string word;
  while (info >> word) {
    int number = -1;
    if (word != "tfd:" || !(info >> number) || number != fd) continue;
    unsigned events = 0;
    info >> word >> std::hex >> events;
    return static_cast<int>(events & ~unsigned{EPOLLERR | EPOLLHUP});
  }
  return -1;
}

class Receiver final : public Operation {
 public:
  Receiver() : Operation(Kind::kBackground) {}

  void Completed(int result, unsigned flags) override {
    has_ended = (flags & IORING_CQE_F_MORE) == 0;
    last_result = result;
    if ((flags & IORING_CQE_F_BUFFER) == 0) return;
    ++blocks;
    block_id = flags >> IORING_CQE_BUFFER_SHIFT;
  }

  bool has_ended = false;
  int last_result = 0;
  int blocks = 0;
  unsigned block_id = 0;
};

class MultishotReceiveTest : public EpollPortTest {
 protected:
  void SetUp() override { ASSERT_NE(port_.blocks(), nullptr); }

  void StartOn(Receiver& receiver, int fd) {
    Start(receiver, [&](io_uring_sqe& entry) {
      io_uring_prep_recv_multishot(&entry, fd, nullptr, 0, 0);
      entry.flags |= IOSQE_BUFFER_SELECT;
      entry.buf_group = BlockRing::kGroup;
    });
  }

  void Send(const std::string& text) {
    ASSERT_EQ(write(sockets_.second(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  // What is in the next block; "" if none comes any more.
  std::string NextBlock() {
    const int before = receiver_.blocks;
    while (receiver_.blocks == before && !receiver_.has_ended) {
      port_.Wait(absl::InfiniteDuration());
    }
    if (receiver_.has_ended) return "";
    const char* block = port_.blocks()->Lend(receiver_.block_id);
    return std::string(block, static_cast<size_t>(receiver_.last_result));
  }

  std::string Pass(const std::string& text) {
    Send(text);
    std::string received = NextBlock();
    if (!received.empty()) port_.blocks()->Return(receiver_.block_id);
    return received;
  }

  SocketPair sockets_;
  Receiver receiver_;
};

TEST_F(MultishotReceiveTest, IsWatchedOnceForAllThatComes) {
  StartOn(receiver_, sockets_.first());
  for (int i = 0; i < 20; ++i) {
    const std::string text = "message " + std::to_string(i);
    EXPECT_EQ(Pass(text), text);
    EXPECT_EQ(WatchedFor(sockets_.first()), EPOLLIN);
  }
  EXPECT_FALSE(receiver_.has_ended);
  EXPECT_EQ(port_.pending(), 0U);
}

TEST_F(MultishotReceiveTest, LeavesNothingInTheSocket) {
  StartOn(receiver_, sockets_.first());
  const std::string block(port_.blocks()->block_size(), 'x');
  Send(block + "y");
  EXPECT_EQ(NextBlock(), block);
  port_.blocks()->Return(receiver_.block_id);
  EXPECT_EQ(NextBlock(), "y");
  port_.blocks()->Return(receiver_.block_id);
}

// So streams with messages as long as a block of a ring, or of this port, go on
// to receive like this.
TEST_F(MultishotReceiveTest, ItsBlocksAreLargeEnough) {
  const BlockRing& blocks = *port_.blocks();
  EXPECT_FALSE(blocks.is_too_small_for(BlockRing::kBlockSize));
  EXPECT_FALSE(blocks.is_too_small_for(blocks.block_size()));
}

// So that tasks find in the cache what was received for them.
TEST_F(MultishotReceiveTest, TakesFewLargeMessagesAtATime) {
  constexpr int kStreams = 8;
  SocketPair pairs[kStreams];
  Receiver receivers[kStreams];
  const std::string large(port_.blocks()->block_size(), 'x');
  for (int i = 0; i < kStreams; ++i) {
    StartOn(receivers[i], pairs[i].first());
    ASSERT_EQ(write(pairs[i].second(), large.data(), large.size()),
              static_cast<ssize_t>(large.size()));
  }
  int received = 0;
  while (received < kStreams) {
    const int before = received;
    port_.Wait(absl::InfiniteDuration());
    received = 0;
    for (const Receiver& receiver : receivers) received += receiver.blocks;
    EXPECT_LE(received - before, 2);
  }
  for (Receiver& receiver : receivers) port_.Cancel(receiver);
  port_.Poll();
}

TEST_F(MultishotReceiveTest, IsToldTheEnd) {
  StartOn(receiver_, sockets_.first());
  sockets_.CloseSecond();
  port_.Wait(absl::InfiniteDuration());
  EXPECT_TRUE(receiver_.has_ended);
  EXPECT_EQ(receiver_.last_result, 0);
  EXPECT_EQ(WatchedFor(sockets_.first()), -1);
}

// So nothing wakes the run for a stream that it has closed, while the file is
// open in another process.
TEST_F(MultishotReceiveTest, IsNotWatchedWhenItIsCancelled) {
  StartOn(receiver_, sockets_.first());
  port_.Cancel(receiver_);
  EXPECT_EQ(WatchedFor(sockets_.first()), -1);
  port_.Poll();
  EXPECT_TRUE(receiver_.has_ended);
  EXPECT_EQ(receiver_.last_result, -ECANCELED);

  ASSERT_EQ(write(sockets_.second(), "x", 1), 1);
  CountingOperation next;
  StartReceive(next, sockets_.first());
  WaitUntilDone();
  EXPECT_EQ(next.last_result, 1);
}

TEST_F(MultishotReceiveTest, SharesItsDescriptor) {
  StartOn(receiver_, sockets_.first());
  CountingOperation other;
  StartPoll(other, sockets_.first(), POLLOUT);
  WaitUntilDone();
  EXPECT_EQ(other.last_result, POLLOUT);
  EXPECT_EQ(Pass("one"), "one");
  EXPECT_EQ(WatchedFor(sockets_.first()), EPOLLIN);
}

// What wakes the run for the other one is not to wake it again and again.
TEST_F(MultishotReceiveTest, IsWatchedForOneEventAtATimeWhileAnotherWaits) {
  constexpr int kShared = EPOLLIN | EPOLLPRI | static_cast<int>(EPOLLONESHOT);
  for (const bool comes_first : {true, false}) {
    SCOPED_TRACE(comes_first);
    Receiver receiver;
    CountingOperation other;
    if (comes_first) StartOn(receiver, sockets_.first());
    StartPoll(other, sockets_.first(), POLLPRI);
    if (!comes_first) StartOn(receiver, sockets_.first());
    EXPECT_EQ(WatchedFor(sockets_.first()), kShared);
    Send("x");
    while (receiver.blocks == 0) port_.Wait(absl::InfiniteDuration());
    port_.blocks()->Lend(receiver.block_id);
    port_.blocks()->Return(receiver.block_id);
    EXPECT_EQ(WatchedFor(sockets_.first()), kShared);
    CancelAndWait(other);
    port_.Cancel(receiver);
    port_.Poll();
  }
}

TEST_F(MultishotReceiveTest, RunsOutWhenNoBlockIsReturned) {
  StartOn(receiver_, sockets_.first());
  for (unsigned i = 0; i < BlockRing::kBlocks; ++i) {
    Send("x");
    ASSERT_EQ(NextBlock(), "x");
  }
  EXPECT_EQ(Pass("x"), "");
  EXPECT_EQ(receiver_.last_result, -ENOBUFS);
  for (unsigned id = 0; id < BlockRing::kBlocks; ++id) {
    port_.blocks()->Return(id);
  }
}

TEST_F(MultishotReceiveTest, WhatEndsKeepsNoBlock) {
  for (unsigned i = 0; i <= BlockRing::kBlocks; ++i) {
    SocketPair sockets;
    Receiver receiver;
    StartOn(receiver, sockets.first());
    sockets.CloseSecond();
    port_.Wait(absl::InfiniteDuration());
    ASSERT_TRUE(receiver.has_ended);
    ASSERT_EQ(receiver.last_result, 0) << i;
  }
}

// An error that stays is always reported, so the socket comes to be watched for
// changes only. Two messages are one change.
TEST_F(MultishotReceiveTest, LeavesNothingWhereAnErrorStays) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(own);
  auto* address = reinterpret_cast<sockaddr*>(&own);
  ASSERT_EQ(bind(fd, address, size), 0);
  ASSERT_EQ(getsockname(fd, address, &size), 0);
  const int yes = 1;
  ASSERT_EQ(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &yes, sizeof(yes)), 0);
  sockaddr_in nobody = own;
  nobody.sin_port = htons(1);
  sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&nobody), size);
  ASSERT_EQ(recv(fd, buffer_, 1, MSG_DONTWAIT), -1);
  ASSERT_EQ(errno, ECONNREFUSED);  // And the error's message is in the queue.

  StartOn(receiver_, fd);
  for (int i = 0; i < 20; ++i) port_.Poll();
  ASSERT_FALSE(receiver_.has_ended);
  for (const char* text : {"a", "b"}) {
    ASSERT_EQ(sendto(fd, text, 1, 0, address, size), 1);
  }
  for (const char* text : {"a", "b"}) {
    EXPECT_EQ(NextBlock(), text);
    port_.blocks()->Return(receiver_.block_id);
  }
  port_.Cancel(receiver_);
  port_.Poll();
  close(fd);
}

// The loop of a host waits for the set, which it knows by its file.
TEST_F(MultishotReceiveTest, IsWatchedForOneEventAtATimeUnderAHost) {
  ASSERT_THAT(port_.OpenWaitDescriptor(), IsOk());
  StartOn(receiver_, sockets_.first());
  EXPECT_EQ(Pass("one"), "one");
  EXPECT_EQ(static_cast<unsigned>(WatchedFor(sockets_.first())),
            EPOLLIN | EPOLLONESHOT);
}

// The old file has another number, and the set would tell of it for ever.
TEST_F(MultishotReceiveTest, AFileThatNobodyCanForgetDoesNotKeepItBusy) {
  const int number = dup(sockets_.first());
  StartOn(receiver_, number);
  SocketPair fresh;
  ASSERT_EQ(dup2(fresh.first(), number), number);
  CountingOperation waits;
  StartPoll(waits, sockets_.second(), POLLIN);
  ASSERT_EQ(write(sockets_.second(), "x", 1), 1);
  for (int i = 0; i < 20; ++i) port_.Poll();
  EXPECT_TRUE(receiver_.has_ended);
  EXPECT_EQ(receiver_.last_result, -EBADF);
  pollfd set = {EpollDescriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&set, 1, 0), 0);

  // The others are still watched, and Notify() is heard.
  ASSERT_EQ(write(sockets_.first(), "x", 1), 1);
  WaitUntilDone();
  EXPECT_EQ(waits.last_result, POLLIN);
  port_.Notify();
  port_.Wait(absl::InfiniteDuration());
  close(number);
}

// The new set must not watch a number that means another file, or none, for who
// waits for the file that it meant.
TEST_F(MultishotReceiveTest, WhoWaitsForAFileThatLostItsNumberHearsOfIt) {
  SocketPair fresh;
  const int number = dup(sockets_.first());
  const int closed = dup(sockets_.second());
  const int replaced = dup(sockets_.second());
  StartOn(receiver_, number);
  CountingOperation first;
  CountingOperation second;
  StartPoll(first, closed, POLLIN);
  StartPoll(second, replaced, POLLIN);
  ASSERT_EQ(dup2(fresh.first(), number), number);
  ASSERT_EQ(dup2(fresh.first(), replaced), replaced);
  ASSERT_EQ(close(closed), 0);
  ASSERT_EQ(write(sockets_.second(), "x", 1), 1);
  for (int i = 0; i < 20; ++i) port_.Poll();
  EXPECT_EQ(first.last_result, -EBADF);
  EXPECT_EQ(second.last_result, -EBADF);
  EXPECT_EQ(port_.pending(), 0U);
  close(number);
  close(replaced);
}

}  // namespace
}  // namespace creche::internal
