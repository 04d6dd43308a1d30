// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/socket_set.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/file_descriptor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class SocketSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(set_.Open(), IsOk());
    std::array<int, 2> pair;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()),
              0);
    socket_ = pair[0];
    peer_ = FileDescriptor(pair[1]);
    set_.OnOpened(socket_);
  }
  void TearDown() override { set_.Close(socket_); }

  void PeerSends() { ASSERT_EQ(write(peer_.get(), "x", 1), 1); }
  void Receive() {
    char c;
    ASSERT_EQ(read(socket_, &c, 1), 1);
  }

  // The descriptors of what has come.
  std::vector<int> Taken() {
    std::array<epoll_event, 4> events;
    const std::size_t count = set_.Take(absl::MakeSpan(events));
    std::vector<int> taken;
    for (std::size_t i = 0; i < count; ++i) taken.push_back(events[i].data.fd);
    return taken;
  }

  bool IsReadable() const {
    pollfd entry = {set_.descriptor(), POLLIN, 0};
    return poll(&entry, 1, /*timeout=*/0) == 1;
  }

  SocketSet set_;
  int socket_ = -1;  // The set closes it.
  FileDescriptor peer_;
};

TEST_F(SocketSetTest, GivesWhatHasComeForThoseThatAreWatched) {
  PeerSends();
  EXPECT_THAT(Taken(), IsEmpty());
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  EXPECT_THAT(Taken(), ElementsAre(socket_));
  EXPECT_THAT(set_.Watch(socket_, EPOLLOUT), IsOk());
  Receive();
  EXPECT_THAT(Taken(), ElementsAre(socket_));
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  EXPECT_THAT(Taken(), IsEmpty());
}

TEST_F(SocketSetTest, OneThatIsNotWatchedLeavesTheSetWhenSomethingComes) {
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  set_.Unwatch(socket_);
  PeerSends();
  EXPECT_TRUE(IsReadable());
  EXPECT_THAT(Taken(), IsEmpty());
  EXPECT_FALSE(IsReadable());
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  EXPECT_THAT(Taken(), ElementsAre(socket_));
}

TEST_F(SocketSetTest, OneThatIsWatchedAgainIsStillThere) {
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  set_.Unwatch(socket_);
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  PeerSends();
  EXPECT_THAT(Taken(), ElementsAre(socket_));
}

// A child before its exec has it, too.
TEST_F(SocketSetTest, OneThatIsClosedIsGoneWhoeverElseHasTheFile) {
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  const FileDescriptor other(fcntl(socket_, F_DUPFD_CLOEXEC, 0));
  EXPECT_EQ(set_.Close(socket_), 0);
  PeerSends();
  EXPECT_FALSE(IsReadable());
  socket_ = fcntl(other.get(), F_DUPFD_CLOEXEC, 0);
  set_.OnOpened(socket_);
  EXPECT_THAT(set_.Watch(socket_, EPOLLIN), IsOk());
  EXPECT_THAT(Taken(), ElementsAre(socket_));
}

TEST_F(SocketSetTest, WhatIsNoConnectionIsInTheSetOnlyWhileItIsWatched) {
  EXPECT_THAT(set_.Watch(peer_.get(), EPOLLOUT), IsOk());
  EXPECT_THAT(Taken(), ElementsAre(peer_.get()));
  set_.Unwatch(peer_.get());
  EXPECT_FALSE(IsReadable());
}

TEST_F(SocketSetTest, WhatCannotBeWatchedIsAnError) {
  EXPECT_THAT(set_.Watch(-1, EPOLLIN), Not(IsOk()));
}

}  // namespace
}  // namespace creche::internal
