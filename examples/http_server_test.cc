// SPDX-License-Identifier: Apache-2.0
//
// HttpServer, and clients that are slow, wrong, or hostile.

#include "examples/http_server.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/status_matchers.h"
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
using ::testing::EndsWith;
using ::testing::StartsWith;

constexpr int kMaxConnections = 20;

// A server that answers with the path, and what it was asked.
class HttpServerTest : public ::testing::Test {
 protected:
  template <typename Talk>
  absl::Status RunWith(Talk talk) {
    auto respond = [this](HttpRequest request) -> Task<HttpAnswer> {
      check_.push_back(request.target);
      co_return request.target;
    };
    HttpServer server(respond, kMaxConnections);
    auto serve = [&](creche::TcpListener listener) -> Task<absl::Status> {
      co_return co_await server.Serve(std::move(listener));
    };
    return RunServer(serve, talk);
  }

  std::vector<std::string> check_;
};

std::string Get(std::string path) {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n");
}

// An honest client. Gives how long it has waited for its answer.
Task<absl::StatusOr<absl::Duration>> TimeOfARequest(std::uint16_t port) {
  const absl::Time start = creche::Now();
  const std::string answer = co_await Try(Exchange(port, Get("/honest")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n/honest"));
  co_return creche::Now() - start;
}

TEST_F(HttpServerTest, AnswersRequestsInTheirOrder) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::string answers =
        co_await Try(Exchange(port, Get("/a") + Get("/b?c")));
    EXPECT_EQ(answers,
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
              "Content-Type: text/plain\r\n\r\n/a"
              "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
              "Content-Type: text/plain\r\n\r\n/b?c");
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_F(HttpServerTest, EndsWhereItIsTold) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::vector<std::string> last = {
        "GET /a HTTP/1.0\r\n\r\n",
        "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.1\r\nconnection: te, Close\r\n\r\n",
    };
    for (const std::string& request : last) {
      const std::string answer =
          co_await Try(Exchange(port, request + Get("/b")));
      EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\n/a")) << request;
    }
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_F(HttpServerTest, RefusesGarbage) {
  const std::vector<std::string> wrong = {
      "\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n",
      "GET / \r\n\r\n",
      " / HTTP/1.1\r\n\r\n",
      "GET /a b HTTP/1.1\r\n\r\n",
      "GET a HTTP/1.1\r\n\r\n",
      "GET /\x01 HTTP/1.1\r\n\r\n",
      "get / HTTP/1.1\r\n\r\n",
      "POST / HTTP/1.1\r\n\r\n",
      "GET / HTTP/2\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\na blank : x\r\n\r\n",
      "GET / HTTP/1.1\r\nx: a\nb: c\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
      "GET / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n",
      absl::StrCat("GET /", std::string(100000, 'x'), " HTTP/1.1\r\n\r\n"),
      std::string(100000, '\0'),
  };
  auto talk = [&](std::uint16_t port) -> Task<absl::Status> {
    for (const std::string& request : wrong) {
      const std::string answer =
          co_await Try(Exchange(port, request + Get("/next")));
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"))
          << request;
    }
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 1000; ++i) many += "x: y\r\n";
    const std::string answer = co_await Try(Exchange(port, many + "\r\n"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    co_await Try(TimeOfARequest(port));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
  EXPECT_EQ(check_, std::vector<std::string>{"/honest"});
}

TEST_F(HttpServerTest, TakesNoBodyForARequest) {
  const std::string body = Get("/smuggled");
  auto talk = [&](std::uint16_t port) -> Task<absl::Status> {
    const std::vector<std::string> requests = {
        absl::StrCat("GET /a HTTP/1.1\r\nContent-Length: ", body.size(),
                     "\r\n\r\n", body),
        absl::StrCat("GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                     absl::Hex(body.size()), "\r\n", body, "\r\n0\r\n\r\n"),
    };
    for (const std::string& request : requests) {
      const std::string answer = co_await Try(Exchange(port, request));
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
      EXPECT_FALSE(absl::StrContains(answer, "200 OK")) << answer;
    }
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
  EXPECT_TRUE(check_.empty());
}

TEST_F(HttpServerTest, LetsSlowClientsGo) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const absl::Duration patience =
        co_await Try(SendSlowly(port, Get("/slow, and rather long")));
    EXPECT_LT(patience, absl::Seconds(13));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
  EXPECT_TRUE(check_.empty());
}

TEST_F(HttpServerTest, LetsClientsGoThatReadNothing) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const absl::Duration patience = co_await Try(creche::FailAfter(
        absl::Minutes(2), SendAndReadNothing(port, Get("/x"))));
    EXPECT_LT(patience, absl::Minutes(1));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_F(HttpServerTest, SilentClientsDelayNobody) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::vector<TcpStream> silent =
        co_await Try(ConnectMany(port, 3 * kMaxConnections));
    const absl::Duration time = co_await Try(TimeOfARequest(port));
    EXPECT_LT(time, absl::Seconds(1));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_F(HttpServerTest, ClientsThatReadNothingDelayNobody) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    auto waste = [&]() -> Task<> {
      (co_await SendAndReadNothing(port, Get("/x"))).IgnoreError();
    };
    auto crowd = [&](Nursery& nursery) -> Task<absl::Status> {
      for (int i = 0; i < 2 * kMaxConnections; ++i) nursery.StartSoon(waste);
      co_await creche::SleepFor(absl::Seconds(5));  // All wait by then.
      const absl::Duration time = co_await Try(TimeOfARequest(port));
      EXPECT_LT(time, absl::Seconds(1));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(crowd);
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST_F(HttpServerTest, OutlivesClientsThatGoEarly) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::string request = Get("/gone");
    for (size_t size = 0; size <= request.size(); ++size) {
      co_await Try(SendAndLeave(port, request.substr(0, size)));
    }
    const std::string answer =
        co_await Try(Exchange(port, request.substr(0, request.size() / 2)));
    EXPECT_EQ(answer, "");
    co_await Try(TimeOfARequest(port));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunWith(talk), IsOk());
}

}  // namespace
}  // namespace examples
