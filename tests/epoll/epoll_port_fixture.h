// SPDX-License-Identifier: Apache-2.0
//
// EpollPortTest: an EpollPort that is open, and what to do with it.

#ifndef CRECHE_TESTS_EPOLL_EPOLL_PORT_FIXTURE_H_
#define CRECHE_TESTS_EPOLL_EPOLL_PORT_FIXTURE_H_

#include <liburing.h>

#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "lib/epoll/epoll_port.h"

namespace creche::internal {

class EpollPortTest : public ::testing::Test {
 protected:
  EpollPortTest() { EXPECT_THAT(port_.Open(), IsOk()); }
  ~EpollPortTest() override { port_.Close(); }

  template <typename Prepare>
  void Start(Operation& operation, Prepare prepare) {
    io_uring_sqe entry = {};
    prepare(entry);
    port_.Start(operation, entry);
  }
  void StartPoll(Operation& operation, int fd, unsigned events) {
    Start(operation, [&](io_uring_sqe& entry) {
      io_uring_prep_poll_add(&entry, fd, events);
    });
  }
  void StartReceive(Operation& operation, int fd, unsigned size = 8) {
    Start(operation, [&](io_uring_sqe& entry) {
      io_uring_prep_recv(&entry, fd, buffer_, size, 0);
    });
  }
  void WaitUntilDone() {
    while (port_.pending() > 0) port_.Wait(absl::InfiniteDuration());
  }
  void CancelAndWait(Operation& operation) {
    port_.Cancel(operation);
    WaitUntilDone();
  }

  EpollPort port_;
  char buffer_[16];
};

}  // namespace creche::internal

#endif  // CRECHE_TESTS_EPOLL_EPOLL_PORT_FIXTURE_H_
