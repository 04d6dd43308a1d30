// SPDX-License-Identifier: Apache-2.0
//
// Entries that Uring() refuses.

#include <liburing.h>
#include <poll.h>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/uring/operation.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

void RunWith(void (*change)(io_uring_sqe& entry)) {
  Pipe pipe;
  auto main = [&]() -> Task<> {
    auto prepare = [&](io_uring_sqe& entry) {
      io_uring_prep_nop(&entry);
      change(entry);
    };
    co_await Uring(prepare);
  };
  creche::Run(main).IgnoreError();
}

TEST(UringEntryDeathTest, MustHaveACompletion) {
  EXPECT_DEATH(RunWith([](io_uring_sqe& entry) {
                 entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
               }),
               "IOSQE_CQE_SKIP_SUCCESS.*waited for for ever");
}

TEST(UringEntryDeathTest, MustNotBeLinked) {
  for (unsigned char flag : {IOSQE_IO_LINK, IOSQE_IO_HARDLINK}) {
    static unsigned char link;
    link = flag;
    EXPECT_DEATH(RunWith([](io_uring_sqe& entry) { entry.flags |= link; }),
                 "one operation after the other");
  }
}

TEST(UringEntryDeathTest, MustNotWaitForAllOthers) {
  EXPECT_DEATH(
      RunWith([](io_uring_sqe& entry) { entry.flags |= IOSQE_IO_DRAIN; }),
      "operations of its own");
}

TEST(UringEntryDeathTest, MustNotBeMultishot) {
  EXPECT_DEATH(RunWith([](io_uring_sqe& entry) {
                 io_uring_prep_poll_multishot(&entry, 0, POLLIN);
               }),
               "multishot");
  EXPECT_DEATH(RunWith([](io_uring_sqe& entry) {
                 io_uring_prep_multishot_accept(&entry, 0, nullptr, nullptr, 0);
               }),
               "multishot");
  EXPECT_DEATH(RunWith([](io_uring_sqe& entry) {
                 io_uring_prep_recv_multishot(&entry, 0, nullptr, 0, 0);
               }),
               "multishot");
  EXPECT_DEATH(RunWith([](io_uring_sqe& entry) {
                 static __kernel_timespec second = {1, 0};
                 io_uring_prep_timeout(&entry, &second, 0, 1U << 6);
               }),
               "multishot");
}

}  // namespace
}  // namespace creche
