// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sys/socket.h>

#include <cstddef>

#include "absl/status/status.h"
#include "creche/core/backend.h"
#include "creche/core/statistics.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/tcp_listener.h"
#include "creche/testing/fail_everywhere.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// The descriptor of the only one that this process has; -1: none.
int ListeningSocket() {
  for (int fd = 0; fd < 1024; ++fd) {
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
        listens != 0) {
      return fd;
    }
  }
  return -1;
}

// Or else epoll has a thread accept, and a clock that knows of no helper jumps
// before that thread has begun.
TEST(LazyKernelPortTest, MakesListenersAsTheKernelsPortDoes) {
  const auto body = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    const int flags = fcntl(ListeningSocket(), F_GETFL);
    EXPECT_NE(flags, -1);
    EXPECT_EQ((flags & O_NONBLOCK) != 0,
              statistics().backend == Backend::kEpoll);
    co_return absl::OkStatus();
  };
  FailEverywhereOptions options;
  options.allow_no_operations = true;
  FailEverywhere(body, [](std::size_t) {}, options);
}

}  // namespace
}  // namespace creche
