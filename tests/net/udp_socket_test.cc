// SPDX-License-Identifier: Apache-2.0

#include "creche/net/udp_socket.h"

#include <sys/socket.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

template <typename Body>
void WithSockets(Body body) {
  const size_t files = OpenFiles();
  auto main = [&]() -> Task<> {
    const SocketAddress loopback = *SocketAddress::Parse("127.0.0.1", 0);
    UdpSocket a = BindUdp(loopback).value();
    UdpSocket b = BindUdp(loopback).value();
    co_await body(a, b);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

TEST(UdpSocketTest, KeepsDatagramsApart) {
  WithSockets([](UdpSocket& a, UdpSocket& b) -> Task<> {
    for (const char* text : {"one", "", "three"}) {
      EXPECT_THAT(co_await a.SendTo(text, b.local_address()), IsOk());
    }
    char buffer[16];
    for (const char* text : {"one", "", "three"}) {
      const absl::StatusOr<ReceivedDatagram> datagram =
          co_await b.ReceiveFrom(buffer);
      EXPECT_EQ(absl::string_view(buffer, datagram->size), text);
      EXPECT_EQ(datagram->from, a.local_address());
    }
  });
}

TEST(UdpSocketTest, ACancelledReceiveLosesNothing) {
  WithSockets([](UdpSocket& a, UdpSocket& b) -> Task<> {
    char buffer[16];
    auto nothing =
        co_await MoveOnAfter(absl::Milliseconds(1), b.ReceiveFrom(buffer));
    EXPECT_FALSE(nothing.has_value());
    EXPECT_THAT(co_await a.SendTo("x", b.local_address()), IsOk());
    const absl::StatusOr<ReceivedDatagram> datagram =
        co_await b.ReceiveFrom(buffer);
    EXPECT_EQ(datagram->size, 1U);
  });
}

TEST(UdpSocketTest, SaysWhatIsWrong) {
  WithSockets([](UdpSocket& a, UdpSocket& b) -> Task<> {
    absl::Status status =
        co_await a.SendTo(std::string(70'000, 'x'), b.local_address());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(co_await a.SendTo("too long", b.local_address()), IsOk());
    char buffer[3];
    status = (co_await b.ReceiveFrom(buffer)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "8 bytes")) << status;
    EXPECT_EQ(BindUdp(a.local_address()).status().code(),
              absl::StatusCode::kFailedPrecondition);
    a.Close();
    status = co_await a.SendTo("x", b.local_address());
    EXPECT_TRUE(IsClosedResource(status)) << status;
  });
}

// An ICMP message says that nobody was there; but the socket is fine.
TEST(UdpSocketTest, IsNotBrokenByAPeerThatIsAway) {
  WithSockets([](UdpSocket& a, UdpSocket& b) -> Task<> {
    const SocketAddress away = b.local_address();
    b.Close();
    EXPECT_EQ(connect(a.fd(), away.data(), away.size()), 0);
    EXPECT_THAT(co_await a.SendTo("anybody?", away), IsOk());
    char buffer[16];
    absl::Status status = (co_await a.ReceiveFrom(buffer)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_FALSE(IsBrokenResource(status)) << status;
    EXPECT_THAT(co_await a.SendTo("anybody?", away), IsOk());
    status = co_await a.SendTo("anybody?", away);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_FALSE(IsBrokenResource(status)) << status;
    b = BindUdp(away).value();
    EXPECT_THAT(co_await b.SendTo("here", a.local_address()), IsOk());
    EXPECT_EQ((co_await a.ReceiveFrom(buffer))->size, 4U);
  });
}

TEST(UdpSocketTest, AnIpv4PeerHasItsAddressOnASocketForBoth) {
  WithSockets([](UdpSocket& a, UdpSocket&) -> Task<> {
    absl::StatusOr<UdpSocket> both = BindUdp(*SocketAddress::Parse("::", 0));
    if (!both.ok()) co_return;  // This machine has no IPv6.
    const SocketAddress v4 = *SocketAddress::Parse("127.0.0.1", both->port());
    EXPECT_THAT(co_await a.SendTo("ping", v4), IsOk());
    char buffer[16];
    const absl::StatusOr<ReceivedDatagram> ping =
        co_await both->ReceiveFrom(buffer);
    EXPECT_EQ(ping->from, a.local_address());
    EXPECT_THAT(co_await both->SendTo("pong", ping->from), IsOk());
    EXPECT_EQ((co_await a.ReceiveFrom(buffer))->from, v4);
  });
}

// Not allowed without SO_BROADCAST, which has nothing to do with ports.
TEST(UdpSocketTest, NamesWhereItCouldNotSendTo) {
  WithSockets([](UdpSocket& a, UdpSocket&) -> Task<> {
    const SocketAddress everybody = *SocketAddress::Parse("127.255.255.255", 9);
    absl::Status status = co_await a.SendTo("x", everybody);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "to 127.255.255.255:9"));
    EXPECT_FALSE(absl::StrContains(status.message(), "1024")) << status;
    status = co_await a.SendTo("x", SocketAddress());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  });
}

}  // namespace
}  // namespace creche
