// SPDX-License-Identifier: Apache-2.0
//
// What docs/for_asio_users.md shows.

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::IsOk;
using creche::Nursery;
using creche::SimulatedNetwork;
using creche::Task;
using creche::TcpStream;
using creche::Try;

Task<absl::Status> Session(TcpStream& stream) {
  char buffer[1024];
  for (;;) {
    const size_t size = co_await Try(
        creche::FailAfter(absl::Seconds(30), stream.ReceiveSome(buffer)));
    if (size == 0) co_return absl::OkStatus();
    co_await Try(stream.SendAll({buffer, size}));
  }
}

Task<> ServeOne(TcpStream stream) {
  const absl::Status status = co_await Session(stream);
  EXPECT_TRUE(status.ok() || creche::IsTimeout(status)) << status;
}

// Both ends of `talk(stream)` are in one run.
template <typename Talk>
absl::Status RunWithServer(Talk talk) {
  auto main = [&]() -> Task<absl::Status> {
    creche::TcpListener listener =
        co_await Try(creche::ListenTcp("127.0.0.1", 0));
    const creche::SocketAddress address = listener.local_address();
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await creche::ServeTcp(std::move(listener), ServeOne);
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      TcpStream stream = co_await Try(creche::ConnectTcp(address));
      co_await Try(talk(stream));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(body);
  };
  SimulatedNetwork network;
  return creche::Run({.clock = &network.clock(), .port = &network.port()},
                     main);
}

TEST(AsioUsersTest, EchoesAndTimesOut) {
  auto talk = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(stream.SendAll("hello"));
    char answer[5];
    co_await Try(stream.ReceiveExactly(answer));
    EXPECT_EQ(absl::string_view(answer, 5), "hello");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunWithServer(talk), IsOk());
}

TEST(AsioUsersTest, RacesLoseNothing) {
  auto talk = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(stream.SendAll("hello"));
    char buffer[5];
    size_t received = 0;
    while (received < 5) {
      auto [bytes, tick] = co_await creche::Race(
          stream.ReceiveSome(absl::MakeSpan(buffer).subspan(received)),
          creche::SleepFor(absl::Milliseconds(3)));
      // Either may be there, or both: what has come is never dropped.
      if (bytes.has_value()) received += co_await Try(*bytes);
    }
    EXPECT_EQ(absl::string_view(buffer, 5), "hello");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunWithServer(talk), IsOk());
}

TEST(AsioUsersTest, ReadsAndWritesAtOnce) {
  auto talk = [](TcpStream& stream) -> Task<absl::Status> {
    std::string received;
    auto send = [&]() -> Task<absl::Status> {
      for (int i = 0; i < 10; ++i) co_await Try(stream.SendAll("0123456789"));
      co_return co_await stream.SendEof();
    };
    auto receive = [&]() -> Task<absl::Status> {
      char buffer[64];
      while (received.size() < 100) {
        const size_t size = co_await Try(stream.ReceiveSome(buffer));
        received.append(buffer, size);
      }
      co_return absl::OkStatus();
    };
    co_await Try(creche::WhenAll(send, receive));
    EXPECT_EQ(received.size(), 100u);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunWithServer(talk), IsOk());
}

}  // namespace
