// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/error_group.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/run.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/localhost.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

// Says what the test says.
class ListResolver : public Resolver {
 public:
  explicit ListResolver(std::vector<SocketAddress> addresses)
      : addresses_(std::move(addresses)) {}
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(
      std::string, std::uint16_t) override {
    co_return addresses_;
  }

 private:
  std::vector<SocketAddress> addresses_;
};

// A listener whose backlog is full: a connect to it waits.
class DeafListener {
 public:
  DeafListener()
      : listener_(ListenTcp(*SocketAddress::Parse("127.0.0.1", 0),
                            ListenOptions().set_backlog(0))
                      .value()) {}
  Task<> FillUp() {
    for (;;) {
      auto connect = ConnectTcp(listener_.local_address());
      auto stream =
          co_await MoveOnAfter(absl::Milliseconds(20), std::move(connect));
      if (!stream.has_value()) co_return;
      streams_.push_back(std::move(*stream).value());
    }
  }
  SocketAddress address() const { return listener_.local_address(); }

 private:
  TcpListener listener_;
  std::vector<TcpStream> streams_;
};

Task<absl::StatusOr<TcpStream>> ConnectToList(
    std::vector<SocketAddress> addresses, absl::Duration delay) {
  ListResolver resolver(std::move(addresses));
  auto connect = ConnectTcp(
      "host", 1,
      ConnectOptions().set_resolver(resolver).set_attempt_delay(delay));
  co_return co_await std::move(connect);
}

SocketAddress RefusingAddress() {
  const TcpListener listener =
      ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
  return listener.local_address();
}

TEST(HappyEyeballsTest, AFailureStartsTheNextAttemptAtOnce) {
  RunChecked([]() -> Task<> {
    TcpListener listener =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
    std::vector<SocketAddress> addresses(3, RefusingAddress());
    addresses.push_back(listener.local_address());
    const absl::Time start = Now();
    absl::StatusOr<TcpStream> stream =
        co_await ConnectToList(addresses, absl::Hours(1));
    EXPECT_THAT(stream, IsOk());
    EXPECT_LT(Now() - start, absl::Seconds(10));
  });
}

// A connection is refused in the very tick in which the next attempt is due.
// That is one reason for the next, not two.
TEST(HappyEyeballsTest, StartsOneAttemptAtATime) {
  constexpr int kAttempts = 5;
  constexpr absl::Duration kLatency = absl::Milliseconds(100);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedNetwork network(
        {.seed = 1, .min_latency = kLatency, .max_latency = kLatency});
    auto main = [&]() -> Task<> {
      const absl::Time start = Now();
      const std::vector<SocketAddress> addresses(kAttempts, RefusingAddress());
      auto connect = ConnectToList(addresses, 2 * kLatency);
      EXPECT_FALSE((co_await std::move(connect)).ok());
      EXPECT_EQ(Now() - start, kAttempts * 2 * kLatency) << "seed " << seed;
    };
    RunOptions options;
    options.clock = &network.clock();
    options.port = &network.port();
    options.schedule_seed = seed;
    EXPECT_THAT(creche::Run(std::move(options), main), IsOk());
  }
}

TEST(HappyEyeballsTest, ASlowServerDoesNotHoldUpTheNext) {
  RunChecked([]() -> Task<> {
    DeafListener deaf;
    co_await deaf.FillUp();
    TcpListener listener =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
    std::vector<SocketAddress> addresses(1, deaf.address());
    addresses.push_back(listener.local_address());
    absl::StatusOr<TcpStream> stream =
        co_await ConnectToList(addresses, absl::Milliseconds(5));
    EXPECT_EQ(*stream->peer_address(), listener.local_address());
  });
}

TEST(HappyEyeballsTest, NamesEveryFailure) {
  RunChecked([]() -> Task<> {
    std::vector<SocketAddress> addresses;
    for (int i = 0; i < 3; ++i) addresses.push_back(RefusingAddress());
    const absl::Status status =
        (co_await ConnectToList(addresses, absl::Milliseconds(250))).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(Errors(status).size(), 3U);
    for (const SocketAddress& address : addresses) {
      EXPECT_TRUE(absl::StrContains(
          status.message(),
          absl::StrCat("connect to host (", address.ToString(), ")")))
          << status;
    }
  });
}

TEST(HappyEyeballsTest, NamesTheHostOfASingleAddress) {
  RunChecked([]() -> Task<> {
    const SocketAddress address = RefusingAddress();
    const std::vector<SocketAddress> addresses(1, address);
    absl::Status status =
        (co_await ConnectToList(addresses, absl::Milliseconds(250))).status();
    EXPECT_TRUE(absl::StrContains(
        status.message(),
        absl::StrCat("connect to host (", address.ToString(), ")")))
        << status;
    auto in_digits = ConnectTcp(address.host(), address.port());
    status = (co_await std::move(in_digits)).status();
    EXPECT_TRUE(absl::StrContains(
        status.message(), absl::StrCat("connect to ", address.ToString(), ":")))
        << status;
  });
}

TEST(HappyEyeballsTest, AResolverMayFindNothing) {
  RunChecked([]() -> Task<> {
    const absl::Status status =
        (co_await ConnectToList({}, absl::Hours(1))).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "connect to host"))
        << status;
  });
}

TEST(HappyEyeballsTest, ACancellationLeavesNoSocket) {
  RunChecked([]() -> Task<> {
    DeafListener deaf;
    co_await deaf.FillUp();
    std::vector<SocketAddress> addresses(5, deaf.address());
    auto connect = ConnectToList(addresses, absl::Milliseconds(1));
    auto stream =
        co_await MoveOnAfter(absl::Milliseconds(10), std::move(connect));
    EXPECT_FALSE(stream.has_value());
  });
}

TEST(HappyEyeballsTest, ResolvesNames) {
  if (!KnowsLocalhost()) {
    GTEST_SKIP() << "this machine has no name for itself";
  }
  RunChecked([]() -> Task<> {
    absl::StatusOr<TcpListener> listener = co_await ListenTcp("localhost", 0);
    absl::StatusOr<TcpStream> stream =
        co_await ConnectTcp("localhost", listener->port());
    EXPECT_THAT(stream, IsOk());
  });
}

}  // namespace
}  // namespace creche
