// SPDX-License-Identifier: Apache-2.0
//
// Peers that are slow, that reset, or that nobody expects.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/backend.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/buffered_reader.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

// Closes with a reset instead of an end.
void Reset(TcpStream& stream) {
  const linger now = {1, 0};
  setsockopt(stream.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  stream.Close();
}

// Resets the connection while wait(stream) waits.
template <typename Wait>
Task<absl::Status> ResetWhile(Wait wait) {
  TcpPair pair = co_await MakeTcpPair();
  absl::Status status;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto waiting = [&]() -> Task<> { status = co_await wait(pair.server); };
    nursery.StartSoon(waiting);
    co_await WaitAllTasksBlocked();
    Reset(pair.client);
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
  co_return status;
}

CRECHE_TEST(ResetTest, IsAnErrorInReceiveSome) {
  const auto wait = [](TcpStream& stream) -> Task<absl::Status> {
    char buffer[10];
    co_return (co_await stream.ReceiveSome(buffer)).status();
  };
  const absl::Status status = co_await ResetWhile(wait);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
}

CRECHE_TEST(ResetTest, IsAnErrorInReceive) {
  const auto wait = [](TcpStream& stream) -> Task<absl::Status> {
    co_return (co_await stream.Receive()).status();
  };
  const absl::Status status = co_await ResetWhile(wait);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
}

CRECHE_TEST(ResetTest, IsAnErrorInReceiveExactly) {
  const auto wait = [](TcpStream& stream) -> Task<absl::Status> {
    char buffer[10];
    co_return co_await stream.ReceiveExactly(buffer);
  };
  const absl::Status status = co_await ResetWhile(wait);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
}

CRECHE_TEST(ResetTest, IsAnErrorInSendAll) {
  const auto wait = [](TcpStream& stream) -> Task<absl::Status> {
    const std::string much(size_t{64} << 20, 'x');
    co_return co_await stream.SendAll(much);
  };
  const absl::Status status = co_await ResetWhile(wait);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
}

// Also where the kernel has been asked for all that comes.
Task<> ExpectBytesBeforeReset(bool ahead) {
  TcpPair pair = co_await MakeTcpPair();
  if (ahead) {
    co_await MoveOnAfter(absl::Milliseconds(1), pair.server.Receive());
  }
  CO_ASSERT_OK(co_await pair.client.SendAll("abc"));
  Reset(pair.client);
  char buffer[10];
  const absl::Status status = co_await pair.server.ReceiveExactly(buffer);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
  const auto size = co_await pair.server.ReceiveSome(buffer);
  CO_ASSERT_OK(size);
  EXPECT_EQ(absl::string_view(buffer, *size), "abc");
}

CRECHE_TEST(ResetTest, LosesNoByteThatCameBefore) {
  co_await ExpectBytesBeforeReset(false);
  co_await ExpectBytesBeforeReset(true);
}

CRECHE_TEST(ResetTest, BeforeAnythingIsAskedForIsAnErrorOnce) {
  TcpPair pair = co_await MakeTcpPair();
  Reset(pair.client);
  char buffer[10];
  const absl::StatusOr<size_t> size = co_await pair.server.ReceiveSome(buffer);
  EXPECT_TRUE(IsBrokenResource(size.status())) << size.status();
  const absl::Status sent = co_await pair.server.SendAll("x");
  EXPECT_TRUE(IsBrokenResource(sent)) << sent;
}

CRECHE_TEST(ResetTest, AfterTheEndIsNoticedBySending) {
  TcpPair pair = co_await MakeTcpPair();
  CO_ASSERT_OK(co_await pair.client.SendEof());
  char buffer[10];
  EXPECT_EQ((co_await pair.server.ReceiveSome(buffer)).value(), 0U);
  Reset(pair.client);
  const absl::Status sent = co_await pair.server.SendAll("x");
  EXPECT_TRUE(IsBrokenResource(sent)) << sent;
}

CRECHE_TEST(ResetTest, InTheBacklogDoesNotDisturbAccept) {
  TcpListener listener =
      ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
  for (int i = 0; i < 10; ++i) {
    absl::StatusOr<TcpStream> client =
        co_await ConnectTcp(listener.local_address());
    Reset(*client);
  }
  absl::StatusOr<TcpStream> client =
      co_await ConnectTcp(listener.local_address());
  CO_ASSERT_OK(co_await client->SendAll("x"));
  for (int i = 0; i < 10; ++i) {
    absl::StatusOr<TcpStream> server = co_await listener.Accept();
    CO_ASSERT_OK(server);
    char buffer[1];
    const absl::StatusOr<size_t> size = co_await server->ReceiveSome(buffer);
    EXPECT_TRUE(IsBrokenResource(size.status())) << size.status();
  }
  absl::StatusOr<TcpStream> server = co_await listener.Accept();
  char buffer[1];
  EXPECT_EQ((co_await server->ReceiveSome(buffer)).value(), 1U);
}

// One who sends a byte a minute does not keep a server from its deadline, nor
// from the others.
CRECHE_TEST(SlowPeerTest, IsCutOffAndDisturbsNobody) {
  TcpListener listener =
      ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
  const SocketAddress address = listener.local_address();
  auto answer = [](TcpStream stream) -> Task<> {
    BufferedReader reader(stream);
    auto line = reader.ReadLine();
    const auto request = co_await FailAfter(absl::Minutes(10), std::move(line));
    if (request.ok()) (co_await stream.SendAll("fine\n")).IgnoreError();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    auto serve = [&]() -> Task<absl::Status> {
      auto serving = ServeTcp(std::move(listener), answer);
      co_return co_await std::move(serving);
    };
    nursery.StartSoon(serve);
    absl::StatusOr<TcpStream> slow = co_await ConnectTcp(address);
    const absl::Time start = Now();
    for (int i = 0; i < 9; ++i) {
      CO_ASSERT_OK(co_await slow->SendAll("x"));
      absl::StatusOr<TcpStream> fast = co_await ConnectTcp(address);
      CO_ASSERT_OK(co_await fast->SendAll("now\n"));
      char buffer[5];
      CO_ASSERT_OK(co_await fast->ReceiveExactly(buffer));
      co_await SleepFor(absl::Minutes(1));
    }
    char buffer[1];
    EXPECT_EQ((co_await slow->ReceiveSome(buffer)).value(), 0U);
    EXPECT_EQ(Now() - start, absl::Minutes(10));
    nursery.Cancel();
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
}

CRECHE_TEST(BadInputTest, ADatagramThatDoesNotFitIsAnError) {
  UdpSocket socket = *BindUdp(*SocketAddress::Parse("127.0.0.1", 0));
  CO_ASSERT_OK(co_await socket.SendTo("too long", socket.local_address()));
  char buffer[3];
  const absl::StatusOr<ReceivedDatagram> datagram =
      co_await socket.ReceiveFrom(buffer);
  EXPECT_EQ(datagram.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(absl::StrContains(datagram.status().message(), "8 bytes"));
  const absl::Status sent =
      co_await socket.SendTo(std::string(70'000, 'x'), socket.local_address());
  EXPECT_EQ(sent.code(), absl::StatusCode::kInvalidArgument) << sent;
}

CRECHE_TEST(BadInputTest, DescriptorsThatAreNoSocketsAreRefused) {
  Pipe pipe;
  SocketPair pair;
  for (int fd : {pipe.read_end(), pair.first(), -1, 12345}) {
    const absl::StatusOr<TcpStream> stream = TcpStream::FromDescriptor(fd);
    EXPECT_EQ(stream.status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_GE(fcntl(pair.first(), F_GETFD), 0) << "it remains the caller's";
  co_return;
}

// What the program does to a descriptor behind the stream's back.
CRECHE_TEST(BadInputTest, ADescriptorThatBecomesSomethingElseIsAnError) {
  TcpPair pair = co_await MakeTcpPair();
  Pipe pipe;
  dup2(pipe.read_end(), pair.server.fd());
  char buffer[1];
  const absl::StatusOr<size_t> size = co_await pair.server.ReceiveSome(buffer);
  EXPECT_FALSE(size.ok());
  EXPECT_TRUE(absl::StrContains(size.status().message(), "ReceiveSome()"))
      << size.status();
  // Without multishot receives, it waits until there is something, and tries
  // then.
  CO_ASSERT_EQ(write(pipe.write_end(), "x", 1), 1);
  const absl::StatusOr<ReceivedBlock> block = co_await pair.server.Receive();
  EXPECT_FALSE(block.ok());
}

// Trio: test_misdirected_aclose_regression. The number of a closed descriptor
// is soon that of another.
CRECHE_TEST(BadInputTest, ClosingTwiceDoesNotDisturbWhoGotTheNumber) {
  TcpPair old = co_await MakeTcpPair();
  const int number = old.server.fd();
  old.server.Close();
  const int other = dup2(old.client.fd(), number);
  absl::StatusOr<TcpStream> heir = TcpStream::FromDescriptor(other);
  CO_ASSERT_OK(heir);

  old.server.Close();
  {
    const TcpStream gone = std::move(old.server);
  }

  EXPECT_GE(fcntl(heir->fd(), F_GETFD), 0);
  EXPECT_THAT(heir->peer_address(), IsOk());
}

// Trio: test_can_survive_unnotified_close.
CRECHE_TEST(BadInputTest, AWaitOnADescriptorClosedBehindItCanBeCancelled) {
  TcpPair pair = co_await MakeTcpPair();
  char buffer[1];
  auto close_behind = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<> {
      (co_await pair.server.ReceiveSome(buffer)).IgnoreError();
    });
    co_await WaitAllTasksBlocked();
    close(pair.server.fd());
    co_await WaitAllTasksBlocked();
    nursery.Cancel();
  };

  EXPECT_THAT(co_await WithNursery(close_behind), IsOk());

  // The number is the stream's to close: give it something.
  dup2(pair.client.fd(), pair.server.fd());
}

CRECHE_TEST(BadInputTest, AddressesOfTheWrongKindAreRefused) {
  const SocketAddress path = SocketAddress::Unix("/nowhere").value();
  const SocketAddress ip = SocketAddress::Parse("127.0.0.1", 1).value();
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(ListenTcp(path).status().code(), kInvalid);
  EXPECT_EQ(ListenUnix(ip).status().code(), kInvalid);
  EXPECT_EQ(BindUdp(path).status().code(), kInvalid);
  EXPECT_EQ((co_await ConnectTcp(path)).status().code(), kInvalid);
  EXPECT_EQ((co_await ConnectUnix(ip)).status().code(), kInvalid);
}

}  // namespace
}  // namespace creche
