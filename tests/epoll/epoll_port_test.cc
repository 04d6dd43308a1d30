// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/epoll_port.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/epoll/epoll_port_fixture.h"
#include "tests/support/counting_operation.h"
#include "tests/support/open_files.h"

namespace creche::internal {
namespace {

TEST_F(EpollPortTest, RunsAnOperation) {
  CountingOperation operation;
  Start(operation, [](io_uring_sqe& entry) {
    io_uring_prep_nop(&entry);
    entry.user_data = 12345;  // The port's business, whatever is in there.
  });
  EXPECT_EQ(port_.pending(), 1U);
  EXPECT_EQ(operation.completions, 0) << "only Poll() and Wait() complete";
  port_.Poll();
  EXPECT_EQ(operation.completions, 1);
  EXPECT_EQ(operation.last_result, 0);
  EXPECT_EQ(port_.pending(), 0U);
}

TEST_F(EpollPortTest, IsIdleWhileNothingIsUnderWay) {
  Pipe pipe;
  EXPECT_TRUE(port_.is_idle());
  CountingOperation operation;
  StartPoll(operation, pipe.read_end(), POLLIN);
  EXPECT_FALSE(port_.is_idle());
  CancelAndWait(operation);
  EXPECT_TRUE(port_.is_idle());
}

TEST_F(EpollPortTest, CancelsAtOnceAndLosesNothing) {
  SocketPair sockets;
  CountingOperation receive;
  StartReceive(receive, sockets.first());
  port_.Cancel(receive);
  ASSERT_EQ(write(sockets.second(), "hello", 5), 5);
  port_.Poll();
  EXPECT_EQ(receive.last_result, -ECANCELED);
  char bytes[8];
  EXPECT_EQ(recv(sockets.first(), bytes, sizeof(bytes), MSG_DONTWAIT), 5);
}

TEST_F(EpollPortTest, DeliversAResultThatTheCancellationFoundDone) {
  SocketPair sockets;
  ASSERT_EQ(write(sockets.second(), "hello", 5), 5);
  CountingOperation receive;
  StartReceive(receive, sockets.first());
  port_.Cancel(receive);
  port_.Poll();
  EXPECT_EQ(receive.completions, 1);
  EXPECT_EQ(receive.last_result, 5);
}

TEST_F(EpollPortTest, WaitsForBothDirectionsOfOneDescriptor) {
  SocketPair sockets;
  const std::string much(size_t{1} << 20, 'x');
  while (send(sockets.first(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
  }
  CountingOperation send_one;
  CountingOperation receive;
  Start(send_one, [&](io_uring_sqe& entry) {
    io_uring_prep_send(&entry, sockets.first(), "x", 1, MSG_NOSIGNAL);
  });
  StartReceive(receive, sockets.first());
  port_.Poll();
  EXPECT_EQ(receive.completions, 0);

  ASSERT_EQ(write(sockets.second(), "hello", 5), 5);
  while (receive.completions == 0) port_.Wait(absl::InfiniteDuration());
  EXPECT_EQ(receive.last_result, 5);
  EXPECT_EQ(send_one.completions, 0);

  std::vector<char> drain(much.size());
  while (recv(sockets.second(), drain.data(), drain.size(), MSG_DONTWAIT) > 0) {
  }
  WaitUntilDone();
  EXPECT_EQ(send_one.last_result, 1);
}

TEST_F(EpollPortTest, SeveralOperationsWaitForOneDescriptor) {
  SocketPair sockets;
  CountingOperation first;
  CountingOperation second;
  StartReceive(first, sockets.first(), 1);
  StartReceive(second, sockets.first(), 1);
  ASSERT_EQ(write(sockets.second(), "a", 1), 1);
  while (first.completions == 0) port_.Wait(absl::InfiniteDuration());
  EXPECT_EQ(second.completions, 0);
  ASSERT_EQ(write(sockets.second(), "b", 1), 1);
  WaitUntilDone();
  EXPECT_EQ(second.last_result, 1);
}

TEST_F(EpollPortTest, ReadsAPipeThatIsInBlockingMode) {
  Pipe pipe;
  CountingOperation read_some;
  Start(read_some, [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, pipe.read_end(), buffer_, 8, 0);
  });
  port_.Poll();
  EXPECT_EQ(read_some.completions, 0);
  ASSERT_EQ(write(pipe.write_end(), "hello", 5), 5);
  WaitUntilDone();
  EXPECT_EQ(read_some.last_result, 5);
}

class Listener {
 public:
  explicit Listener(int type = SOCK_STREAM)
      : fd_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    if (bind(fd_, address(), size) != 0 ||
        getsockname(fd_, address(), &size) != 0) {
      abort();
    }
  }
  ~Listener() { close(fd_); }
  int fd() const { return fd_; }
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }
  socklen_t size() const { return sizeof(address_); }

 private:
  const int fd_;
  sockaddr_in address_ = {};
};

// Another acceptor takes what poll() has seen.
TEST_F(EpollPortTest, AnAcceptThatComesTooLateIsCancelled) {
  Listener listener;
  ASSERT_EQ(listen(listener.fd(), 16), 0);
  CountingOperation first;
  CountingOperation second;
  for (CountingOperation* accept : {&first, &second}) {
    Start(*accept, [&](io_uring_sqe& entry) {
      io_uring_prep_accept(&entry, listener.fd(), nullptr, nullptr,
                           SOCK_CLOEXEC);
    });
  }
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(client, listener.address(), listener.size()), 0);
  while (first.completions + second.completions == 0) {
    port_.Wait(absl::InfiniteDuration());
  }
  CountingOperation& late = first.completions == 0 ? first : second;
  CountingOperation& accepted = first.completions == 0 ? second : first;
  EXPECT_GE(accepted.last_result, 0);
  CancelAndWait(late);
  EXPECT_TRUE(late.last_result == -ECANCELED || late.last_result == -EINTR)
      << late.last_result;
  close(accepted.last_result);
  close(client);
}

TEST_F(EpollPortTest, AConnectSaysThatItWasRefused) {
  Listener nobody;  // It does not listen.
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CountingOperation connect;
  Start(connect, [&](io_uring_sqe& entry) {
    io_uring_prep_connect(&entry, client, nobody.address(), nobody.size());
  });
  WaitUntilDone();
  EXPECT_EQ(connect.last_result, -ECONNREFUSED);
  EXPECT_EQ(fcntl(client, F_GETFL) & O_NONBLOCK, 0);
  close(client);
}

// It is always reported, though there is nothing to receive.
TEST_F(EpollPortTest, AnErrorInTheErrorQueueDoesNotKeepItBusy) {
  Listener receiver(SOCK_DGRAM);
  const int yes = 1;
  ASSERT_EQ(
      setsockopt(receiver.fd(), IPPROTO_IP, IP_RECVERR, &yes, sizeof(yes)), 0);
  Listener* closed = new Listener(SOCK_DGRAM);
  sockaddr_in nobody = *reinterpret_cast<sockaddr_in*>(closed->address());
  delete closed;
  CountingOperation receive;
  StartReceive(receive, receiver.fd());
  sendto(receiver.fd(), "x", 1, 0, reinterpret_cast<sockaddr*>(&nobody),
         sizeof(nobody));
  WaitUntilDone();  // Tells of the error, and leaves it in the queue.
  EXPECT_EQ(receive.last_result, -ECONNREFUSED);

  CountingOperation next;
  StartReceive(next, receiver.fd());
  const std::clock_t before = std::clock();
  port_.Wait(absl::Milliseconds(100));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 25);
  EXPECT_EQ(next.completions, 0);
  ASSERT_EQ(
      sendto(receiver.fd(), "y", 1, 0, receiver.address(), receiver.size()), 1);
  WaitUntilDone();
  EXPECT_EQ(next.last_result, 1);
}

// What is ready, and nobody takes, costs nothing.
TEST_F(EpollPortTest, ASlowTaskCostsNothing) {
  SocketPair sockets;
  CountingOperation receive;
  StartReceive(receive, sockets.first(), 1);
  ASSERT_EQ(write(sockets.second(), "many bytes", 10), 10);
  WaitUntilDone();
  const std::clock_t before = std::clock();
  port_.Wait(absl::Milliseconds(100));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 25);
}

TEST_F(EpollPortTest, NotifyEndsAWaitOnce) {
  std::thread other([&] { port_.Notify(); });
  port_.Wait(absl::InfiniteDuration());
  other.join();
  const absl::Time start = absl::Now();
  port_.Wait(absl::Milliseconds(5));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(4));
}

TEST_F(EpollPortTest, NotifyBeforeTheWaitCounts) {
  port_.Notify();
  port_.Wait(absl::InfiniteDuration());
}

TEST_F(EpollPortTest, EndsWhatGoesOnInTheBackground) {
  Pipe pipe;
  CountingOperation operation(Operation::Kind::kBackground);
  StartPoll(operation, pipe.read_end(), POLLIN);
  EXPECT_EQ(port_.pending(), 0U);
  EXPECT_FALSE(port_.is_idle());
  port_.Close();
  EXPECT_EQ(operation.completions, 1);
  ASSERT_THAT(port_.Open(), IsOk());
}

TEST_F(EpollPortTest, SaysWhatItCannotDo) {
  CountingOperation timeout;
  __kernel_timespec second = {1, 0};
  Start(timeout, [&](io_uring_sqe& entry) {
    io_uring_prep_timeout(&entry, &second, 0, 0);
  });
  CountingOperation multishot;
  Start(multishot, [](io_uring_sqe& entry) {
    io_uring_prep_multishot_accept(&entry, 0, nullptr, nullptr, 0);
  });
  CountingOperation registered;
  Start(registered, [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, 0, buffer_, 1, 0);
    entry.flags |= IOSQE_FIXED_FILE;
  });
  port_.Poll();
  EXPECT_EQ(timeout.last_result, -EOPNOTSUPP);
  EXPECT_EQ(multishot.last_result, -EOPNOTSUPP);
  EXPECT_EQ(registered.last_result, -EOPNOTSUPP);
}

TEST_F(EpollPortTest, WaitsForManyOperationsOnOneDescriptor) {
  constexpr int kOperations = 10'000;
  Pipe pipe;
  std::vector<CountingOperation> operations(kOperations);
  for (CountingOperation& operation : operations) {
    StartPoll(operation, pipe.read_end(), POLLIN);
  }
  EXPECT_EQ(port_.pending(), size_t{kOperations});
  ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  WaitUntilDone();
  for (const CountingOperation& operation : operations) {
    EXPECT_EQ(operation.completions, 1);
  }
}

}  // namespace
}  // namespace creche::internal
