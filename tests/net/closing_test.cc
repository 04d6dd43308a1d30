// SPDX-License-Identifier: Apache-2.0
//
// What Close() closes is closed when it returns, whatever the kernel was asked
// before; and nothing else is.

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/pipe.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"
#include "tests/support/abstract_address.h"
#include "tests/support/run_checked.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

SocketAddress Loopback() { return *SocketAddress::Parse("127.0.0.1", 0); }

// Not by the run's ring, which would be entered by that. 0, or an errno.
int ConnectWithoutTheRing(const SocketAddress& address) {
  const FileDescriptor fd(
      socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), address.data(), address.size()) == 0 ? 0 : errno;
}

// 0 at an end.
ssize_t ReceiveWithoutTheRing(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_DONTWAIT);
}

// Starts `operation` in another task, and calls `meanwhile` while it waits.
template <typename Operation, typename Meanwhile>
Task<> While(Operation operation, Meanwhile meanwhile) {
  auto body = [&](Nursery& nursery) -> Task<> {
    auto operate = [&]() -> Task<> {
      const absl::Status status = co_await operation();
      EXPECT_TRUE(IsClosedResource(status)) << status;
    };
    nursery.StartSoon(operate);
    for (int i = 0; i < 3; ++i) co_await Checkpoint();
    meanwhile();
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
}

template <typename Listener>
void ExpectStopsListening(Listener& listener) {
  const SocketAddress address = listener.local_address();
  EXPECT_EQ(ConnectWithoutTheRing(address), 0);
  listener.Close();
  EXPECT_EQ(ConnectWithoutTheRing(address), ECONNREFUSED);
}

TEST(ClosingTest, AListenerAfterACancelledAccept) {
  RunChecked([]() -> Task<> {
    TcpListener listener = ListenTcp(Loopback()).value();
    co_await MoveOnAfter(absl::Milliseconds(1), listener.Accept());
    const SocketAddress address = listener.local_address();
    ExpectStopsListening(listener);
    EXPECT_THAT(ListenTcp(address), IsOk());
  });
}

TEST(ClosingTest, AListenerWithATaskThatAccepts) {
  RunChecked([]() -> Task<> {
    for (const bool ahead : {false, true}) {
      TcpListener listener = ListenTcp(Loopback()).value();
      auto accept = [&]() -> Task<absl::Status> {
        if (ahead) co_return (co_await listener.Accept()).status();
        co_return (co_await listener.AcceptOne()).status();
      };
      co_await While(accept, [&] {
        const SocketAddress address = listener.local_address();
        listener.Close();
        EXPECT_EQ(ConnectWithoutTheRing(address), ECONNREFUSED);
        EXPECT_THAT(ListenTcp(address), IsOk());
      });
    }
  });
}

TEST(ClosingTest, AUnixListener) {
  RunChecked([]() -> Task<> {
    UnixListener listener = ListenUnix(UniqueAbstractAddress()).value();
    co_await MoveOnAfter(absl::Milliseconds(1), listener.Accept());
    ExpectStopsListening(listener);
  });
}

// As of a listener that was handed to another process.
TEST(ClosingTest, ADuplicateOfAListenerGoesOn) {
  RunChecked([]() -> Task<> {
    TcpListener listener = ListenTcp(Loopback()).value();
    co_await MoveOnAfter(absl::Milliseconds(1), listener.Accept());
    const SocketAddress address = listener.local_address();
    std::optional<FileDescriptor> duplicate(dup(listener.fd()));
    listener.Close();
    EXPECT_EQ(ConnectWithoutTheRing(address), 0);
    duplicate.reset();
    EXPECT_EQ(ConnectWithoutTheRing(address), ECONNREFUSED);
  });
}

TEST(ClosingTest, AUdpSocketWithATaskThatReceives) {
  RunChecked([]() -> Task<> {
    UdpSocket socket = BindUdp(Loopback()).value();
    char buffer[8];
    auto receive = [&]() -> Task<absl::Status> {
      co_return (co_await socket.ReceiveFrom(buffer)).status();
    };
    co_await While(receive, [&] {
      const SocketAddress address = socket.local_address();
      socket.Close();
      EXPECT_THAT(BindUdp(address), IsOk());
    });
  });
}

TEST(ClosingTest, AStreamThatHasReceivedAhead) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    co_await MoveOnAfter(absl::Milliseconds(1), pair.client.Receive());
    EXPECT_EQ(ReceiveWithoutTheRing(pair.server.fd()), -1);
    pair.client.Close();
    EXPECT_EQ(ReceiveWithoutTheRing(pair.server.fd()), 0);
  });
}

TEST(ClosingTest, AStreamWithATaskThatReceives) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    char buffer[8];
    auto receive = [&]() -> Task<absl::Status> {
      co_return (co_await pair.client.ReceiveSome(buffer)).status();
    };
    co_await While(receive, [&] {
      pair.client.Close();
      EXPECT_EQ(ReceiveWithoutTheRing(pair.server.fd()), 0);
    });
  });
}

TEST(ClosingTest, ADuplicateOfAStreamGoesOn) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    co_await MoveOnAfter(absl::Milliseconds(1), pair.client.Receive());
    std::optional<FileDescriptor> duplicate(dup(pair.client.fd()));
    pair.client.Close();
    EXPECT_EQ(ReceiveWithoutTheRing(pair.server.fd()), -1);
    EXPECT_EQ(send(duplicate->get(), "x", 1, 0), 1);
    EXPECT_EQ(ReceiveWithoutTheRing(pair.server.fd()), 1);
    duplicate.reset();
    EXPECT_EQ(ReceiveWithoutTheRing(pair.server.fd()), 0);
  });
}

TEST(ClosingTest, APipeWithATaskThatReads) {
  RunChecked([]() -> Task<> {
    auto pipe = MakePipe().value();
    char buffer[8];
    auto receive = [&]() -> Task<absl::Status> {
      co_return (co_await pipe.first.ReceiveSome(buffer)).status();
    };
    co_await While(receive, [&] {
      pipe.first.Close();
      EXPECT_EQ(write(pipe.second.fd(), "x", 1), -1);
      EXPECT_EQ(errno, EPIPE);
    });
  });
}

}  // namespace
}  // namespace creche
