// SPDX-License-Identifier: Apache-2.0
//
// The echo server and the graceful one, and hostile clients.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/status_matchers.h"
#include "examples/echo_server.h"
#include "examples/graceful_server.h"
#include "examples/hostile_clients.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::TcpStream;
using creche::Try;

constexpr int kMaxConnections = 20;

struct Server {
  const char* name;
  Task<absl::Status> (*serve)(creche::TcpListener, std::size_t);
  absl::string_view answer;  // To the line "hi".
};

Task<absl::Status> ServeEchoes(creche::TcpListener listener, std::size_t max) {
  co_return co_await ServeEcho(std::move(listener), max);
}

Task<absl::Status> ServeGraces(creche::TcpListener listener, std::size_t max) {
  co_return co_await ServeGracefully(std::move(listener), max);
}

class LineServersTest : public ::testing::TestWithParam<Server> {
 protected:
  template <typename Talk>
  absl::Status RunWith(Talk talk) {
    auto serve = [](creche::TcpListener listener) -> Task<absl::Status> {
      co_return co_await GetParam().serve(std::move(listener), kMaxConnections);
    };
    return RunServer(serve, talk);
  }
};

// An honest client. Gives how long it has waited for its answer.
Task<absl::StatusOr<absl::Duration>> TimeOfALine(std::uint16_t port,
                                                 absl::string_view answer) {
  const absl::Time start = creche::Now();
  const std::string all = co_await Try(Exchange(port, "hi\n"));
  EXPECT_EQ(all, answer);
  co_return creche::Now() - start;
}

TEST_P(LineServersTest, SilentClientsDelayNobody) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::vector<TcpStream> silent =
        co_await Try(ConnectMany(port, 3 * kMaxConnections));
    const absl::Duration time =
        co_await Try(TimeOfALine(port, GetParam().answer));
    EXPECT_LT(time, absl::Seconds(2));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_P(LineServersTest, LetsSilentClientsGo) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream silent = co_await Try(Connect(port));
    const absl::Time start = creche::Now();
    EXPECT_EQ(co_await ReceiveAll(silent), "");
    EXPECT_LT(creche::Now() - start, absl::Minutes(1) + absl::Seconds(1));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_P(LineServersTest, LetsClientsGoThatReadNothing) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const absl::Duration patience = co_await Try(
        creche::FailAfter(absl::Hours(2), SendAndReadNothing(port, "hi\n")));
    EXPECT_LT(patience, absl::Hours(1));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_P(LineServersTest, OutlivesGarbageAndClientsThatGoEarly) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::vector<std::string> parts = {"", "h", "hi\nhi", "\xff\n",
                                            std::string(5000, '\0')};
    for (const std::string& part : parts) {
      co_await Try(SendAndLeave(port, part));
    }
    co_await Try(TimeOfALine(port, GetParam().answer));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

INSTANTIATE_TEST_SUITE_P(All, LineServersTest,
                         ::testing::Values(Server{"Echo", ServeEchoes, "hi\n"},
                                           Server{"Graceful", ServeGraces,
                                                  "done: hi\n"}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace examples
