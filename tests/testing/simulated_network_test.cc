// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/simulated_network.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

// Sends back what comes, on one connection.
Task<absl::Status> Echo(TcpStream stream) {
  char buffer[100];
  for (;;) {
    const size_t size =
        co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
    if (size == 0) co_return absl::OkStatus();
    co_await Try(stream.SendAll(absl::string_view(buffer, size)));
  }
}

Task<> ServeOne(TcpListener& listener) {
  absl::StatusOr<TcpStream> stream = co_await listener.Accept();
  if (!stream.ok()) co_return;
  auto echo = Echo(*std::move(stream));
  (co_await std::move(echo)).IgnoreError();
}

Task<absl::StatusOr<std::string>> Ask(std::uint16_t port, std::string text) {
  TcpStream stream = co_await Try(ConnectTcp("127.0.0.1", port));
  co_await Try(stream.SendAll(text));
  std::string answer(text.size(), '\0');
  co_await Try(stream.ReceiveExactly(absl::MakeSpan(answer)));
  co_return answer;
}

// A client and a server of one connection. Gives what the client has got.
Task<absl::StatusOr<std::string>> AskAnEcho(std::string text,
                                            absl::Duration timeout) {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  absl::StatusOr<std::string> answer = absl::UnknownError("");
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(ServeOne, std::ref(listener));
    answer = co_await FailAfter(timeout, Ask(listener.port(), text));
    nursery.Cancel();
  };
  const absl::Status status = co_await WithNursery(body);
  if (!status.ok()) co_return status;
  co_return answer;
}

absl::StatusOr<std::string> AskOn(SimulatedNetwork& network, std::string text) {
  return creche::Run({.clock = &network.clock(), .port = &network.port()},
                     AskAnEcho, text, absl::Seconds(10));
}

TEST(SimulatedNetworkTest, CarriesBytesBothWays) {
  SimulatedNetwork network;

  EXPECT_THAT(AskOn(network, "hello"), IsOkAndHolds("hello"));
}

TEST(SimulatedNetworkTest, CarriesMoreThanItsWindow) {
  SimulatedNetwork network({.window = 50});
  const std::string text(90, 'x');

  EXPECT_THAT(AskOn(network, text), IsOkAndHolds(text));
}

TEST(SimulatedNetworkTest, TakesItsTime) {
  SimulatedNetwork network({.min_latency = absl::Milliseconds(100),
                            .max_latency = absl::Milliseconds(100)});
  const absl::Time start = network.clock().Now();
  EXPECT_THAT(AskOn(network, "x"), IsOk());

  // The handshake, and there and back again.
  EXPECT_EQ(network.clock().Now() - start, absl::Milliseconds(400));
}

TEST(SimulatedNetworkTest, RefusesConnections) {
  SimulatedNetwork network({.refuse_probability = 1});

  EXPECT_THAT(AskOn(network, "x"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(SimulatedNetworkTest, BreaksConnections) {
  SimulatedNetwork network({.break_probability = 1});

  EXPECT_TRUE(IsBrokenResource(AskOn(network, "hello").status()));
}

TEST(SimulatedNetworkTest, LeavesConnectionsHalfOpen) {
  SimulatedNetwork network({.silence_probability = 1});

  EXPECT_TRUE(IsTimeout(AskOn(network, "hello").status()));
}

TEST(SimulatedNetworkTest, DoesTheSameForTheSameSeed) {
  auto time_taken = [](std::uint64_t seed) {
    SimulatedNetwork network({.seed = seed});
    const absl::Time start = network.clock().Now();
    AskOn(network, std::string(500, 'x')).status().IgnoreError();
    return network.clock().Now() - start;
  };

  EXPECT_EQ(time_taken(1), time_taken(1));
  EXPECT_NE(time_taken(1), time_taken(2));
}

// However slow the machine is: they would take most of an hour.
TEST(SimulatedNetworkTest, RunsHundredsOfTimes) {
  const absl::Time start = absl::Now();
  absl::Duration simulated;
  int answered = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SimulatedNetwork network({.seed = seed,
                              .max_latency = absl::Seconds(2),
                              .break_probability = 0.05});
    const absl::Time begin = network.clock().Now();
    if (AskOn(network, "hello").ok()) ++answered;
    simulated += network.clock().Now() - begin;
  }

  EXPECT_GT(answered, 100);
  EXPECT_LT(answered, 500);
  EXPECT_GT(simulated, absl::Minutes(30));
  EXPECT_LT(absl::Now() - start, absl::Minutes(30));
}

// Both ends, in one task, without a deadline.
Task<absl::Status> CloseAndWaitForTheEnd(bool half) {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  TcpStream client = co_await Try(ConnectTcp("127.0.0.1", listener.port()));
  TcpStream server = co_await Try(listener.Accept());
  if (half) {
    co_await Try(client.SendEof());
  } else {
    client.Close();
  }
  char buffer[1];
  const size_t size = co_await Try(server.ReceiveSome(absl::MakeSpan(buffer)));
  EXPECT_EQ(size, 0u);
  co_return absl::OkStatus();
}

TEST(SimulatedNetworkTest, SeesTheEndOfAStreamBeforeEveryoneWaits) {
  SimulatedNetwork network;
  for (const bool half : {false, true}) {
    EXPECT_THAT(
        creche::Run({.clock = &network.clock(), .port = &network.port()},
                    CloseAndWaitForTheEnd, half),
        IsOk());
  }
}

TEST(SimulatedNetworkTest, DoesTheSameInEachRun) {
  SimulatedNetwork network({.refuse_probability = 0.5});
  const absl::Status first = AskOn(network, "x").status();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(AskOn(network, "x").status().code(), first.code());
  }
}

TEST(SimulatedNetworkTest, ReportsADeadlockInEachRun) {
  SimulatedNetwork network({.silence_probability = 1});
  for (int i = 0; i < 2; ++i) {
    const std::string failures = FailuresOf([&] {
      creche::Run({.clock = &network.clock(), .port = &network.port()},
                  AskAnEcho, "hello", absl::InfiniteDuration())
          .status()
          .IgnoreError();
    });
    EXPECT_THAT(failures, HasSubstr("deadlock"));
  }
}

TEST(SimulatedNetworkTest, ReportsADeadlock) {
  const std::string failures = FailuresOf([] {
    SimulatedNetwork network({.silence_probability = 1});
    creche::Run({.clock = &network.clock(), .port = &network.port()}, AskAnEcho,
                "hello", absl::InfiniteDuration())
        .status()
        .IgnoreError();
  });

  EXPECT_THAT(failures, HasSubstr("deadlock"));
  EXPECT_THAT(failures, HasSubstr("ReceiveExactly"));
}

}  // namespace
}  // namespace creche
