// SPDX-License-Identifier: Apache-2.0
//
// The addresses of a simulated network, and hosts that answer badly.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

template <typename Body>
auto RunOn(SimulatedNetwork& network, Body body) {
  return creche::Run({.clock = &network.clock(), .port = &network.port()},
                     body);
}

SocketAddress Address(absl::string_view host, std::uint16_t port) {
  return *SocketAddress::Parse(host, port);
}

// Connects to a server at `host`, port 80, and sends it a word.
Task<absl::Status> Visit(std::string host) {
  TcpListener listener = co_await Try(ListenTcp(host, 80));
  EXPECT_EQ(listener.port(), 80);
  auto serve = [&]() -> Task<absl::Status> {
    TcpStream stream = co_await Try(listener.Accept());
    char buffer[5];
    co_return co_await stream.ReceiveExactly(absl::MakeSpan(buffer));
  };
  auto visit = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    TcpStream stream = co_await Try(ConnectTcp(host, 80));
    co_return co_await stream.SendAll("hello");
  };
  co_return co_await WithNursery(visit);
}

// The same, as a body.
auto Visitor(std::string host) {
  return [host]() -> Task<absl::Status> { co_return co_await Visit(host); };
}

TEST(SimulatedHostsTest, HaveAnyAddressAndPort) {
  for (const char* host :
       {"127.0.0.1", "10.0.0.1", "192.0.2.7", "::1", "2001:db8::1"}) {
    SimulatedNetwork network;
    EXPECT_THAT(RunOn(network, Visitor(host)), IsOk()) << host;
  }
}

TEST(SimulatedHostsTest, GoWithCancelEverywhere) {
  SimulatedNetwork network;
  CancelEverywhereOptions options;
  options.port = &network.port();
  options.clock = &network.clock();
  EXPECT_GT(CancelEverywhere(Visitor("10.0.0.1"), [] {}, options), 5u);
}

TEST(SimulatedHostsTest, TellBothEndsBothNames) {
  SimulatedNetwork network;
  auto body = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp(Address("10.0.0.1", 0)));
    EXPECT_NE(listener.port(), 0);
    TcpStream client = co_await Try(ConnectTcp(listener.local_address()));
    TcpStream server = co_await Try(listener.Accept());
    EXPECT_EQ(*client.peer_address(), listener.local_address());
    EXPECT_EQ(*server.local_address(), listener.local_address());
    EXPECT_EQ(*client.local_address(), *server.peer_address());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOn(network, body), IsOk());
}

TEST(SimulatedHostsTest, HaveEachPortOnce) {
  SimulatedNetwork network;
  auto body = []() -> Task<absl::Status> {
    TcpListener first = co_await Try(ListenTcp(Address("10.0.0.1", 80)));
    EXPECT_THAT(ListenTcp(Address("10.0.0.1", 80)),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(ListenTcp(Address("0.0.0.0", 80)),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(ListenTcp(Address("10.0.0.2", 80)), IsOk());
    first.Close();
    EXPECT_THAT(ListenTcp(Address("10.0.0.1", 80)), IsOk());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOn(network, body), IsOk());
}

// Who waits in the backlog of a listener hears of its end.
TEST(SimulatedHostsTest, ResetWhoWaitsForAListenerThatIsClosed) {
  SimulatedNetwork network;
  auto body = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp(Address("10.0.0.1", 80)));
    TcpStream client = co_await Try(ConnectTcp(Address("10.0.0.1", 80)));
    listener.Close();
    char buffer[1];
    const absl::Status status =
        (co_await client.ReceiveSome(absl::MakeSpan(buffer))).status();
    EXPECT_TRUE(IsBrokenResource(status)) << status;
    EXPECT_THAT(co_await ConnectTcp(Address("10.0.0.1", 80)),
                StatusIs(absl::StatusCode::kUnavailable));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOn(network, body), IsOk());
}

TEST(SimulatedHostsTest, RefuseOnePort) {
  SimulatedNetwork network;
  network.SetHost(Address("10.0.0.1", 80), {.answer = SimulatedHost::kRefuses});
  EXPECT_THAT(RunOn(network, Visitor("10.0.0.1")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(RunOn(network, Visitor("10.0.0.2")), IsOk());

  network.SetHost(Address("10.0.0.1", 81),
                  {.answer = SimulatedHost::kBlackHole});
  network.SetHost(Address("10.0.0.1", 80), {});
  EXPECT_THAT(RunOn(network, Visitor("10.0.0.1")), IsOk());
}

TEST(SimulatedHostsTest, AreBlackHoles) {
  SimulatedNetwork network;
  network.SetHost(Address("10.0.0.1", 0),
                  {.answer = SimulatedHost::kBlackHole});
  auto in_time = []() -> Task<absl::Status> {
    auto visit = Visit("10.0.0.1");
    co_return co_await FailAfter(absl::Seconds(5), std::move(visit));
  };
  EXPECT_TRUE(IsTimeout(RunOn(network, in_time)));

  const absl::Time start = network.clock().Now();
  EXPECT_THAT(RunOn(network, Visitor("10.0.0.1")),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(network.clock().Now() - start, absl::Seconds(127));
}

// The first attempt is given up, and its answer comes when the second, in the
// same place, waits for its own.
TEST(SimulatedHostsTest, DoNotAnswerAnotherAttempt) {
  SimulatedNetwork network;
  network.SetHost(Address("10.0.0.1", 0), {.delay = absl::Seconds(1)});
  network.SetHost(Address("10.0.0.2", 0), {.delay = absl::Seconds(2)});
  auto body = []() -> Task<absl::Status> {
    for (const char* host : {"10.0.0.1", "10.0.0.2"}) {
      auto connect = ConnectTcp(Address(host, 80));
      const auto status =
          (co_await FailAfter(absl::Milliseconds(1500), std::move(connect)))
              .status();
      EXPECT_TRUE(IsTimeout(status)) << host << ": " << status;
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOn(network, body), IsOk());
}

TEST(SimulatedHostsTest, ResetConnections) {
  SimulatedNetwork network;
  network.SetHost(Address("10.0.0.1", 0), {.answer = SimulatedHost::kResets});
  auto body = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp(Address("10.0.0.1", 80)));
    TcpStream client = co_await Try(ConnectTcp(Address("10.0.0.1", 80)));
    char buffer[1];
    co_return (co_await client.ReceiveSome(absl::MakeSpan(buffer))).status();
  };
  EXPECT_TRUE(IsBrokenResource(RunOn(network, body)));
}

TEST(SimulatedHostsTest, AreFarAway) {
  SimulatedNetwork network({.min_latency = absl::Milliseconds(1),
                            .max_latency = absl::Milliseconds(1)});
  network.SetHost(Address("10.0.0.1", 0), {.delay = absl::Milliseconds(99)});
  const absl::Time start = network.clock().Now();
  EXPECT_THAT(RunOn(network, Visitor("10.0.0.1")), IsOk());

  // The handshake, and the word.
  EXPECT_EQ(network.clock().Now() - start, absl::Milliseconds(300));
}

}  // namespace
}  // namespace creche
