// SPDX-License-Identifier: Apache-2.0
//
// Operations of every kind that can wait, cancelled wherever they wait: before
// the kernel has seen them, while it polls, and while a worker is inside a
// system call, which ends with a code of its own.

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

struct Waiting {
  const char* name;
  std::function<void(io_uring_sqe&)> prepare;
};

// What there is to wait for: pipes and sockets that are empty or full, and a
// FIFO that nobody reads.
class Fixture {
 public:
  Fixture()
      : fifo_(::testing::TempDir() + "/cancelled_operations_fifo"),
        listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        first_client_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        client_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        event_(eventfd(0, EFD_CLOEXEC)) {
    unlink(fifo_.c_str());
    if (mkfifo(fifo_.c_str(), 0600) != 0) abort();
    FillUp(full_.write_end());
    FillUp(full_sockets_.first());
    // A listener that has as many as it takes.
    address_.sun_family = AF_UNIX;
    socklen_t size = sizeof(sa_family_t);
    if (bind(listener_, address(), size) != 0 || listen(listener_, 0) != 0) {
      abort();
    }
    address_size_ = sizeof(address_);
    getsockname(listener_, address(), &address_size_);
    if (connect(first_client_, address(), address_size_) != 0) abort();
  }
  ~Fixture() {
    for (int fd : {listener_, first_client_, client_, event_}) close(fd);
    unlink(fifo_.c_str());
  }

  std::vector<Waiting> All() {
    return {
        {"read",
         [&](io_uring_sqe& entry) {
           io_uring_prep_read(&entry, empty_.read_end(), buffer_, 8, 0);
         }},
        {"readv",
         [&](io_uring_sqe& entry) {
           io_uring_prep_readv(&entry, empty_.read_end(), &vector_, 1, 0);
         }},
        {"read of an eventfd",
         [&](io_uring_sqe& entry) {
           io_uring_prep_read(&entry, event_, buffer_, 8, 0);
         }},
        {"write",
         [&](io_uring_sqe& entry) {
           io_uring_prep_write(&entry, full_.write_end(), buffer_, 8, 0);
         }},
        {"writev",
         [&](io_uring_sqe& entry) {
           io_uring_prep_writev(&entry, full_.write_end(), &vector_, 1, 0);
         }},
        {"recv",
         [&](io_uring_sqe& entry) {
           io_uring_prep_recv(&entry, sockets_.first(), buffer_, 8, 0);
         }},
        {"recvmsg",
         [&](io_uring_sqe& entry) {
           io_uring_prep_recvmsg(&entry, sockets_.first(), &message_, 0);
         }},
        {"send",
         [&](io_uring_sqe& entry) {
           io_uring_prep_send(&entry, full_sockets_.first(), buffer_, 8, 0);
         }},
        {"sendmsg",
         [&](io_uring_sqe& entry) {
           io_uring_prep_sendmsg(&entry, full_sockets_.first(), &message_, 0);
         }},
        {"accept",
         [&](io_uring_sqe& entry) {
           io_uring_prep_accept(&entry, idle_listener(), nullptr, nullptr, 0);
         }},
        {"connect",
         [&](io_uring_sqe& entry) {
           io_uring_prep_connect(&entry, client_, address(), address_size_);
         }},
        {"poll",
         [&](io_uring_sqe& entry) {
           io_uring_prep_poll_add(&entry, empty_.read_end(), POLLIN);
         }},
        {"timeout",
         [&](io_uring_sqe& entry) {
           io_uring_prep_timeout(&entry, &an_hour_, 1, 0);
         }},
        {"open",
         [&](io_uring_sqe& entry) {
           io_uring_prep_openat(&entry, AT_FDCWD, fifo_.c_str(),
                                O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
         }},
        {"splice",
         [&](io_uring_sqe& entry) {
           io_uring_prep_splice(&entry, empty_.read_end(), -1,
                                other_.write_end(), -1, 8, 0);
         }},
        {"splice to what is full",
         [&](io_uring_sqe& entry) {
           io_uring_prep_splice(&entry, ready_.read_end(), -1,
                                full_.write_end(), -1, 1, 0);
         }},
        {"tee",
         [&](io_uring_sqe& entry) {
           io_uring_prep_tee(&entry, empty_.read_end(), other_.write_end(), 8,
                             0);
         }},
    };
  }

 private:
  static void FillUp(int fd) {
    const std::string block(1 << 16, 'x');
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, block.data(), block.size()) > 0) {
    }
    while (write(fd, "x", 1) > 0) {
    }
    fcntl(fd, F_SETFL, 0);
  }
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }
  // Its only connection has been taken.
  int idle_listener() {
    if (!is_idle_) close(accept(listener_, nullptr, nullptr));
    is_idle_ = true;
    return listener_;
  }

  const std::string fifo_;
  const int listener_, first_client_, client_, event_;
  Pipe empty_, full_, other_, ready_;
  SocketPair sockets_, full_sockets_;
  sockaddr_un address_ = {};
  socklen_t address_size_ = 0;
  bool is_idle_ = false;
  char buffer_[8] = {};
  iovec vector_ = {buffer_, sizeof(buffer_)};
  msghdr message_ = {nullptr, 0, &vector_, 1, nullptr, 0, 0};
  __kernel_timespec an_hour_ = {3600, 0};
};

// Whether a worker is to have it from the start.
class CancelledOperationTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Async, CancelledOperationTest, ::testing::Bool());

// A fixture for each, since what waits may have had an effect.
template <typename Cancel>
void ForEachKind(Cancel cancel) {
  const size_t count = Fixture().All().size();
  for (size_t i = 0; i < count; ++i) {
    Fixture fixture;
    const Waiting waiting = fixture.All()[i];
    auto prepare = [&](io_uring_sqe& entry) {
      waiting.prepare(entry);
      if (CancelledOperationTest::GetParam()) entry.flags |= IOSQE_ASYNC;
    };
    std::optional<int> result;
    auto main = [&]() -> Task<> { co_await cancel(prepare, result); };
    RunOptions options;
    options.backend = Backend::kUring;  // Another has few of them.
    EXPECT_THAT(creche::Run(std::move(options), main), IsOk());
    EXPECT_EQ(result, std::nullopt) << waiting.name;
  }
}

TEST_P(CancelledOperationTest, IsCancelledWhileItWaits) {
  ForEachKind([](std::function<void(io_uring_sqe&)> prepare,
                 std::optional<int>& result) -> Task<> {
    result = co_await MoveOnAfter(absl::Milliseconds(3), Uring(prepare));
  });
}

TEST_P(CancelledOperationTest, IsCancelledAtOnce) {
  ForEachKind([](std::function<void(io_uring_sqe&)> prepare,
                 std::optional<int>& result) -> Task<> {
    CancelScope scope;
    auto wait = [&]() -> Task<> { result = co_await Uring(prepare); };
    auto body = [&](Nursery& nursery) -> Task<> {
      auto wait_in_scope = [&]() -> Task<> { co_await scope.Run(wait); };
      auto cancel = [&]() -> Task<> {
        scope.Cancel();
        co_return;
      };
      nursery.StartSoon(wait_in_scope);
      nursery.StartSoon(cancel);
      co_return;
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_TRUE(scope.cancelled_caught());
  });
}

}  // namespace
}  // namespace creche
