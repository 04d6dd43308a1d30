// SPDX-License-Identifier: Apache-2.0
//
// HttpProxy between clients and servers of which one does what it should not.

#include "examples/http_proxy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "examples/hostile_clients.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::TcpListener;
using creche::TcpStream;
using creche::Try;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Where a test's proxy and the server behind it listen.
struct Places {
  Places(std::uint16_t proxy, std::string server)
      : proxy(proxy), server(std::move(server)) {}

  std::uint16_t proxy;
  std::string server;        // "127.0.0.1:PORT"
  creche::CancelScope stop;  // Of the proxy.
};

// What becomes of each connection to the server; it is closed at the end.
using Serve = creche::Function<absl::Status(TcpStream&)>;
using Talk = creche::Function<absl::Status(Places&)>;

Task<absl::Status> ServeAndTalk(const HttpProxyLimits& limits, Serve serve,
                                Talk talk) {
  TcpListener front = co_await Try(creche::ListenTcp("127.0.0.1", 0));
  TcpListener back = co_await Try(creche::ListenTcp("127.0.0.1", 0));
  Places places(front.port(), back.local_address().ToString());
  HttpProxy proxy(limits);
  auto serve_one = [&](TcpStream stream) -> Task<> {
    (co_await serve(stream)).IgnoreError();
  };
  auto run_server = [&]() -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(back), serve_one);
  };
  auto run_proxy = [&]() -> Task<absl::Status> {
    auto serving = places.stop.Run(proxy.Serve(std::move(front)));
    co_return (co_await std::move(serving)).value_or(absl::OkStatus());
  };
  // A simulated network sees that a descriptor was closed when something
  // happens.
  auto tick = []() -> Task<> {
    for (;;) co_await creche::SleepFor(absl::Milliseconds(100));
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(run_server);
    nursery.StartSoon(run_proxy);
    nursery.StartSoon(tick);
    co_await Try(creche::FailAfter(absl::Minutes(2), talk(places)));
    nursery.Cancel("the clients have done their worst");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(body);
}

// On the kernel's loopback: HttpClient has sockets of libcurl's.
absl::Status RunOnLoopback(Serve serve, Talk talk,
                           HttpProxyLimits limits = HttpProxyLimits()) {
  return creche::Run([&]() -> Task<absl::Status> {
    co_return co_await ServeAndTalk(limits, serve, talk);
  });
}

// In virtual time: for tunnels, and for what is refused.
absl::Status RunSimulated(Serve serve, Talk talk) {
  HttpProxyLimits limits;
  limits.max_connections = 20;
  creche::SimulatedNetwork network({.window = 2000});
  return creche::Run({.clock = &network.clock(), .port = &network.port()},
                     [&]() -> Task<absl::Status> {
                       co_return co_await ServeAndTalk(limits, serve, talk);
                     });
}

// All up to the end, or the error in place of that.
Task<absl::StatusOr<std::string>> Ask(std::uint16_t port, std::string text) {
  TcpStream stream = co_await Try(Connect(port));
  co_await Try(stream.SendAll(text));
  std::string all;
  char buffer[4096];
  for (;;) {
    const size_t size = co_await Try(stream.ReceiveSome(buffer));
    if (size == 0) co_return all;
    all.append(buffer, size);
  }
}

std::string Get(const Places& places, absl::string_view more = "",
                absl::string_view version = "1.1") {
  return absl::StrCat("GET http://", places.server, "/a?b HTTP/", version,
                      "\r\n", more, "\r\n");
}

std::string Connection(const Places& places) {
  return absl::StrCat("CONNECT ", places.server, " HTTP/1.1\r\n\r\n");
}

Task<absl::StatusOr<std::string>> ReadHead(TcpStream& stream) {
  creche::BufferedReader reader(stream);
  co_return co_await reader.ReadUntil("\r\n\r\n");
}

Serve Answers(std::string text) {
  return [text](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(ReadHead(stream));
    co_return co_await stream.SendAll(text);
  };
}

Task<absl::Status> Stall(TcpStream&) {
  co_await creche::SleepForever();
  co_return absl::OkStatus();
}

TEST(HttpProxyTest, HandsOnWhatIsForTheServer) {
  std::string asked;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    asked = co_await Try(ReadHead(stream));
    co_return co_await stream.SendAll(
        "HTTP/1.1 404 Not Found\r\nX: y\r\nConnection: hop\r\nHop: 1\r\n"
        "Content-Length: 2\r\n\r\nhi");
  };
  auto talk = [](Places& places) -> Task<absl::Status> {
    const std::string answer = co_await Try(
        Ask(places.proxy, Get(places,
                              "X: 1\r\nConnection: close, hop\r\n"
                              "Hop: 1\r\nProxy-Authorization: 2\r\n")));
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("X: y"),
                              Not(HasSubstr("Hop")), EndsWith("\r\n\r\nhi")));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnLoopback(serve, talk), IsOk());
  EXPECT_THAT(asked, AllOf(StartsWith("GET /a?b HTTP/1.1\r\n"),
                           HasSubstr("x: 1\r\n"), HasSubstr("Via: 1.1 creche"),
                           Not(HasSubstr("hop")), Not(HasSubstr("proxy"))));
}

// The next request begins where the body ends.
TEST(HttpProxyTest, HandsBodiesOn) {
  std::vector<std::string> bodies;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    creche::BufferedReader reader(stream);
    co_await Try(reader.ReadUntil("\r\n\r\n"));
    bodies.push_back(co_await Try(ReadChunks(reader)));
    const std::string answer =
        absl::StrCat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2",
                     "\r\nok\r\n0\r\n\r\n");
    co_return co_await stream.SendAll(answer);
  };
  auto talk = [](Places& places) -> Task<absl::Status> {
    const std::string post =
        absl::StrCat("POST http://", places.server, "/ HTTP/1.1\r\n");
    const std::string answers = co_await Try(
        Ask(places.proxy,
            absl::StrCat(post, "Content-Length: 5\r\n\r\nfirst", post,
                         "Connection: close\r\nExpect: 100-continue\r\n",
                         "Transfer-Encoding: chunked\r\n\r\n",
                         "3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n")));
    EXPECT_THAT(answers,
                HasSubstr("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"));
    EXPECT_THAT(answers, EndsWith("\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnLoopback(serve, talk), IsOk());
  EXPECT_EQ(bodies, (std::vector<std::string>{"first", "second"}));
}

TEST(HttpProxyTest, WhatBreaksIsNoEnd) {
  for (const absl::string_view text :
       {"Content-Length: 9\r\n\r\nfour",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"}) {
    auto talk = [](Places& places) -> Task<absl::Status> {
      for (const absl::string_view version : {"1.0", "1.1"}) {
        const absl::StatusOr<std::string> answer =
            co_await Ask(places.proxy, Get(places, "", version));
        EXPECT_TRUE(creche::IsBrokenResource(answer.status()))
            << version << ": " << answer.status();
      }
      co_return absl::OkStatus();
    };
    EXPECT_THAT(
        RunOnLoopback(Answers(absl::StrCat("HTTP/1.1 200 OK\r\n", text)), talk),
        IsOk());
  }
}

TEST(HttpProxyTest, SaysWhyThereIsNoAnswer) {
  HttpProxyLimits limits;
  limits.idle_timeout = absl::Milliseconds(100);
  auto talk = [](Places& places) -> Task<absl::Status> {
    const std::string slow = co_await Try(Ask(places.proxy, Get(places)));
    EXPECT_THAT(slow, StartsWith("HTTP/1.1 504 "));
    const std::string refused = co_await Try(
        Ask(places.proxy, "GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n"));
    EXPECT_THAT(refused, AllOf(StartsWith("HTTP/1.1 502 "),
                               HasSubstr("127.0.0.1:1: connect")));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnLoopback(Stall, talk, limits), IsOk());
}

TEST(HttpProxyTest, AClientThatLeavesEndsTheFetch) {
  creche::Event has_ended;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(ReadHead(stream));
    co_await Try(stream.SendAll("HTTP/1.1 200 OK\r\n\r\n"));
    const std::string more(100'000, 'x');
    while ((co_await stream.SendAll(more)).ok()) continue;
    has_ended.Set();
    co_return absl::OkStatus();
  };
  auto talk = [&](Places& places) -> Task<absl::Status> {
    TcpStream stream = co_await Try(Connect(places.proxy));
    co_await Try(stream.SendAll(Get(places)));
    co_await Try(ReadHead(stream));
    stream.Close();
    co_await has_ended.Wait();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunOnLoopback(serve, talk), IsOk());
}

// What is being answered is finished; who only waits is let go at once.
TEST(HttpProxyTest, IsDrained) {
  creche::Event was_asked;
  creche::Event may_answer;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(ReadHead(stream));
    was_asked.Set();
    co_await may_answer.Wait();
    co_return co_await stream.SendAll(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  };
  auto talk = [&](Places& places) -> Task<absl::Status> {
    TcpStream idle = co_await Try(Connect(places.proxy));
    auto ask = [&]() -> Task<absl::Status> {
      const std::string answer = co_await Try(Ask(places.proxy, Get(places)));
      EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\nhi"));
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(ask);
      co_await was_asked.Wait();
      places.stop.Cancel("it is time");
      EXPECT_EQ(co_await ReceiveAll(idle), "");
      may_answer.Set();
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(body);
  };
  EXPECT_THAT(RunOnLoopback(serve, talk), IsOk());
}

TEST(HttpProxyTest, RefusesGarbage) {
  auto talk = [](Places& places) -> Task<absl::Status> {
    const std::string get = "GET http://x/ HTTP/1.1\r\n";
    const std::string post = "POST http://x/ HTTP/1.1\r\n";
    for (const std::string& wrong : std::vector<std::string>{
             "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
             "get http://x/ HTTP/1.1\r\n\r\n", "GET http://x/ HTTP/2\r\n\r\n",
             "GET https://x/ HTTP/1.1\r\n\r\n",
             "GET http://x/a b HTTP/1.1\r\n\r\n",
             "GET http://a@x/ HTTP/1.1\r\n\r\n", "CONNECT x HTTP/1.1\r\n\r\n",
             "CONNECT http://x:80 HTTP/1.1\r\n\r\n",
             "CONNECT x:80/ HTTP/1.1\r\n\r\n",
             "CONNECT x:80 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
             get + "no colon\r\n\r\n", get + "x: a\nb: c\r\n\r\n",
             post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
             post + "Content-Length: +1\r\n\r\na",
             post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
             post + "Transfer-Encoding: gzip, chunked\r\n\r\n",
             "POST http://x/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
             get + "a: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
      const std::string answer =
          co_await Try(Exchange(places.proxy, wrong + Connection(places)));
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << wrong;
      EXPECT_FALSE(absl::StrContains(answer, " 200 ")) << wrong;
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunSimulated(Stall, talk), IsOk());
}

// Gives back what comes, until its end.
Task<absl::Status> Echo(TcpStream& stream) {
  char buffer[1000];
  for (;;) {
    const size_t size = co_await Try(stream.ReceiveSome(buffer));
    if (size == 0) co_return co_await stream.SendEof();
    const absl::string_view data(buffer, size);
    co_await Try(stream.SendAll(data));
  }
}

TEST(HttpProxyTest, ATunnelCopiesBothWays) {
  auto talk = [](Places& places) -> Task<absl::Status> {
    const std::string bytes(1'000, 'b');
    const std::string all =
        co_await Try(Exchange(places.proxy, Connection(places) + bytes));
    EXPECT_EQ(all, absl::StrCat("HTTP/1.1 200 \r\n\r\n", bytes));
    const std::string refused =
        co_await Try(Ask(places.proxy, "CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n"));
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 502 "));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunSimulated(Echo, talk), IsOk());
}

TEST(HttpProxyTest, ATunnelThatBreaksIsReset) {
  auto reset = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(stream.SendAll("half"));
    co_await creche::SleepFor(absl::Seconds(1));
    stream.Abort();
    co_return absl::OkStatus();
  };
  auto talk = [](Places& places) -> Task<absl::Status> {
    const auto answer = co_await Ask(places.proxy, Connection(places));
    EXPECT_TRUE(creche::IsBrokenResource(answer.status())) << answer.status();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunSimulated(reset, talk), IsOk());
  // In which nothing moves.
  EXPECT_THAT(RunSimulated(Stall, talk), IsOk());
}

TEST(HttpProxyTest, AClientThatBreaksResetsTheServer) {
  creche::Event was_reset;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    const absl::Status end = co_await Echo(stream);
    EXPECT_TRUE(creche::IsBrokenResource(end)) << end;
    was_reset.Set();
    co_return absl::OkStatus();
  };
  auto talk = [&](Places& places) -> Task<absl::Status> {
    TcpStream stream = co_await Try(Connect(places.proxy));
    co_await Try(stream.SendAll(Connection(places) + "half"));
    co_await Try(ReadHead(stream));
    stream.Abort();
    co_await was_reset.Wait();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunSimulated(serve, talk), IsOk());
}

TEST(HttpProxyTest, SlowAndSilentClientsDelayNobody) {
  auto talk = [](Places& places) -> Task<absl::Status> {
    const absl::Duration patience = co_await Try(
        SendSlowly(places.proxy, Get(places, "x: and rather long")));
    EXPECT_LT(patience, absl::Seconds(13));
    const std::vector<TcpStream> silent =
        co_await Try(ConnectMany(places.proxy, 60));
    const absl::Time start = creche::Now();
    const std::string all =
        co_await Try(Exchange(places.proxy, Connection(places) + "x"));
    EXPECT_THAT(all, EndsWith("\r\n\r\nx"));
    EXPECT_LT(creche::Now() - start, absl::Seconds(1));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunSimulated(Echo, talk), IsOk());
}

}  // namespace
}  // namespace examples
