// SPDX-License-Identifier: Apache-2.0
//
// Release(): an idle socket moves to another object, or another run; one that
// is not idle aborts, for whoever has the descriptor next would miss something.

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "creche/uring/operation_port.h"
#include "creche/uring/uring_features.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

// Whether the port of a run has the feature.
bool Supports(bool UringFeatures::* feature) {
  bool supports = false;
  auto look = [&]() -> Task<> {
    supports = OperationPort::Current().features().*feature;
    co_return;
  };
  EXPECT_THAT(RunToTest(look), IsOk());
  return supports;
}

template <typename Stream>
Task<absl::Status> ReceiveByte(Stream& stream) {
  char byte = 0;
  co_return co_await stream.ReceiveExactly(absl::MakeSpan(&byte, 1));
}

constexpr char kRule[] = "only an idle socket can move";

TEST(ReleaseTest, AnIdleStreamGoesOnUnderItsDescriptor) {
  auto main = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    char buffer[5];
    co_await Try(pair.client.SendAll("first"));
    co_await Try(pair.server.ReceiveExactly(buffer));
    const int number = pair.server.fd();
    const int fd = pair.server.Release();
    EXPECT_EQ(fd, number);
    EXPECT_EQ(pair.server.fd(), -1);
    EXPECT_EQ(pair.server.Release(), -1);
    // Not closed with the stream that had it.
    pair.server = std::move(pair.client);
    EXPECT_GE(fcntl(fd, F_GETFD), 0);
    TcpStream again = co_await Try(TcpStream::FromDescriptor(fd));
    co_await Try(pair.server.SendAll("other"));
    co_return co_await again.ReceiveExactly(buffer);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ReleaseTest, AStreamThatIsClosedOrMovedFromHasNone) {
  auto main = []() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    const TcpStream moved_to = std::move(pair.client);
    EXPECT_EQ(pair.client.Release(), -1);  // NOLINT(bugprone-use-after-move)
    pair.server.Close();
    EXPECT_EQ(pair.server.Release(), -1);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// What the peer had no room for was not sent, and nothing is under way any
// more: the stream can move. (Who has it next must know that a message was cut
// off.)
TEST(ReleaseTest, AfterASendThatWasCancelled) {
  auto main = []() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    const std::string much(size_t{16} << 20, 'x');
    auto sending = [&]() -> Task<absl::Status> {
      co_return co_await pair.client.SendAll(much);
    };
    auto sent = co_await MoveOnAfter(absl::Milliseconds(1), sending);
    EXPECT_FALSE(sent.has_value());
    const int fd = pair.client.Release();
    EXPECT_EQ(close(fd), 0);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ReleaseTest, AUnixStream) {
  auto main = []() -> Task<absl::Status> {
    auto [a, b] = co_await Try(UnixStream::Pair());
    UnixStream again = co_await Try(UnixStream::FromDescriptor(a.Release()));
    EXPECT_EQ(a.fd(), -1);
    co_await Try(b.SendAll("x"));
    co_return co_await ReceiveByte(again);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ReleaseTest, AUdpSocket) {
  auto main = []() -> Task<absl::Status> {
    const SocketAddress loopback = *SocketAddress::Parse("127.0.0.1", 0);
    UdpSocket socket = co_await Try(BindUdp(loopback));
    UdpSocket again = co_await Try(UdpSocket::FromDescriptor(socket.Release()));
    EXPECT_EQ(socket.fd(), -1);
    co_await Try(again.SendTo("x", again.local_address()));
    char buffer[2];
    const ReceivedDatagram datagram = co_await Try(again.ReceiveFrom(buffer));
    EXPECT_EQ(datagram.size, 1u);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// A connection that came meanwhile has waited in the backlog.
TEST(ReleaseTest, AListenerGoesOnListening) {
  auto main = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    const std::uint16_t port = listener.port();
    const int fd = listener.Release();
    EXPECT_EQ(listener.fd(), -1);
    const TcpStream client = co_await Try(ConnectTcp("127.0.0.1", port));
    TcpListener again = co_await Try(TcpListener::FromDescriptor(fd));
    co_return (co_await again.AcceptOne()).status();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

using ReleaseDeathTest = ::testing::Test;

// In a task beside `work`, which uses the stream.
template <typename Work>
void ReleaseBeside(Work work, bool cancels_it_first) {
  auto main = [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> { co_await work(pair.client); });
      co_await WaitAllTasksBlocked();
      if (cancels_it_first) nursery.Cancel();
      pair.client.Release();
    };
    (void)co_await WithNursery(body);
  };
  (void)RunToTest(main);
}

Task<> ReceiveOne(TcpStream& stream) {
  (co_await ReceiveByte(stream)).IgnoreError();
}

Task<> SendMuch(TcpStream& stream) {
  const std::string much(size_t{16} << 20, 'x');
  (co_await stream.SendAll(much)).IgnoreError();
}

TEST(ReleaseDeathTest, UnderAReceiver) {
  EXPECT_DEATH(ReleaseBeside(ReceiveOne, /*cancels_it_first=*/false), kRule);
}

TEST(ReleaseDeathTest, UnderASender) {
  EXPECT_DEATH(ReleaseBeside(SendMuch, /*cancels_it_first=*/false), kRule);
}

// The kernel has not said yet that it has ended.
TEST(ReleaseDeathTest, UnderASenderThatIsBeingCancelled) {
  EXPECT_DEATH(ReleaseBeside(SendMuch, /*cancels_it_first=*/true), kRule);
}

// `receive` of four bytes, of which two have come, is cancelled.
template <typename Receive>
void ReleaseAfter(Receive receive) {
  auto main = [&]() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    co_await Try(pair.server.SendAll("ab"));
    co_await receive(pair.client);
    pair.client.Release();
    co_return absl::OkStatus();
  };
  (void)RunToTest(main);
}

TEST(ReleaseDeathTest, WithWhatACancelledReceiverHadGot) {
  auto receive = [](TcpStream& stream) -> Task<> {
    auto receiving = [&]() -> Task<> {
      char buffer[4];
      (co_await stream.ReceiveExactly(buffer)).IgnoreError();
    };
    (void)co_await MoveOnAfter(absl::Milliseconds(1), receiving);
  };
  EXPECT_DEATH(ReleaseAfter(receive), kRule);
}

// Where the kernel can do that.
TEST(ReleaseDeathTest, OfAStreamThatReceivesAhead) {
  if (!Supports(&UringFeatures::multishot_receive)) {
    GTEST_SKIP() << "the kernel cannot receive ahead";
  }
  auto receive = [](TcpStream& stream) -> Task<> {
    (co_await stream.Receive()).status().IgnoreError();
  };
  EXPECT_DEATH(ReleaseAfter(receive), kRule);
}

// So many blocks have come that the kernel was told to stop: nothing is under
// way any more.
TEST(ReleaseDeathTest, WithBlocksThatNobodyHasTaken) {
  if (!Supports(&UringFeatures::multishot_receive)) {
    GTEST_SKIP() << "the kernel cannot receive ahead";
  }
  auto main = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    co_await Try(pair.server.SendAll("a"));
    co_await Try((co_await pair.client.Receive()).status());
    for (int i = 0; i < 20; ++i) {
      co_await Try(pair.server.SendAll("b"));
      co_await WaitAllTasksBlocked();
    }
    pair.client.Release();
    co_return absl::OkStatus();
  };
  EXPECT_DEATH((void)RunToTest(main), kRule);
}

// With a connection that has been accepted, and with none.
TEST(ReleaseDeathTest, OfAListenerThatAcceptsAhead) {
  if (!Supports(&UringFeatures::multishot_accept)) {
    GTEST_SKIP() << "the kernel cannot accept ahead";
  }
  auto release = [](int connections) {
    auto main = [&]() -> Task<absl::Status> {
      TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
      std::vector<TcpStream> clients;
      for (int i = 0; i < connections; ++i) {
        clients.push_back(
            co_await Try(ConnectTcp("127.0.0.1", listener.port())));
      }
      co_await Try((co_await listener.Accept()).status());
      listener.Release();
      co_return absl::OkStatus();
    };
    (void)RunToTest(main);
  };
  EXPECT_DEATH(release(1), kRule);
  EXPECT_DEATH(release(2), kRule);
}

}  // namespace
}  // namespace creche
