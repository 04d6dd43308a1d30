// SPDX-License-Identifier: Apache-2.0
//
// RedisClient, against servers that are wrong or go away, and cancelled
// anywhere.

#include "examples/redis_client.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "examples/fuzz/pieces.h"
#include "examples/redis_echo_server.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::TcpStream;
using creche::Try;

// Runs `talk(redis)` beside a client and a server.
template <typename Serve, typename Talk>
Task<absl::Status> WithRedis(Serve& serve_one, Talk& talk) {
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", 0));
  RedisClient redis("127.0.0.1", listener.port());
  auto serve = [&]() -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(listener), serve_one);
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(&RedisClient::Run, std::ref(redis));
    nursery.StartSoon(serve);
    co_await Try(talk(redis));
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(body);
}

// What the client makes of `reply`.
absl::StatusOr<RedisReply> Parsed(const std::string& reply) {
  auto parse = [&]() -> Task<absl::StatusOr<RedisReply>> {
    Pieces stream(reply, Pieces::kWhole);
    creche::BufferedReader reader(stream);
    co_return co_await ReadRedisReply(reader);
  };
  return creche::Run(parse);
}

TEST(RedisReplyTest, UnderstandsWhatIsRight) {
  EXPECT_EQ(Parsed("+OK\r\n")->text, "OK");
  EXPECT_EQ(Parsed("-ERR no\r\n")->kind, RedisReply::kError);
  EXPECT_EQ(Parsed(":-12\r\n")->integer, -12);
  EXPECT_EQ(Parsed("$4\r\na\r\nb\r\n")->text, "a\r\nb");
  EXPECT_EQ(Parsed("$0\r\n\r\n")->text, "");
  EXPECT_EQ(Parsed("$-1\r\n")->kind, RedisReply::kNil);
  EXPECT_EQ(Parsed("*2\r\n*0\r\n:1\r\n")->elements[1].integer, 1);
}

TEST(RedisReplyTest, RefusesGarbage) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "*1\r\n";
  const std::vector<std::string> wrong = {
      "",           "\r\n",          "HTTP/1.1 200 OK\r\n",
      "+OK",        ":\r\n",         ":1x\r\n",
      ": 1\r\n",    ":+1\r\n",       ":99999999999999999999\r\n",
      "$x\r\n",     "$-2\r\n",       "$3\r\nab",
      "$1\r\nab\r", "$1\r\nabcd",    "$99999999999\r\n",
      "*-2\r\n",    "*99999999\r\n", "*2\r\n:1\r\n",
      deep,
  };
  for (const std::string& reply : wrong) {
    EXPECT_FALSE(Parsed(reply).ok()) << reply;
  }
}

// What a part needs is refused before any of it has come, and the parts of a
// reply share one limit.
TEST(RedisReplyTest, HasALimitAsAWhole) {
  const std::vector<std::string> too_large = {
      "$67108865\r\n",
      "*67108864\r\n",
      "*500000\r\n*500000\r\n",
      "*500000\r\n$40000000\r\n",
      "*500000\r\n:1\r\n*2\r\n*1\r\n+a\r\n$40000000\r\n",
  };
  for (const std::string& reply : too_large) {
    const absl::Status status = Parsed(reply).status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << reply << status;
  }
}

TEST(RedisClientTest, ConnectsAgain) {
  auto serve = [](TcpStream stream) -> Task<> {
    co_await ServeRedisEcho(std::move(stream), 1);
  };
  auto talk = [](RedisClient& redis) -> Task<absl::Status> {
    for (int i = 0; i < 5; ++i) {
      const std::string word = absl::StrCat("word ", i);
      RedisReply reply = co_await Try(redis.Ask(RedisCommand("ECHO", word)));
      EXPECT_EQ(reply.text, word);
      co_await creche::SleepFor(absl::Seconds(1));
    }
    EXPECT_GE(redis.connections(), 5);
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithRedis(serve, talk);
  };
  creche::SimulatedNetwork network;
  const absl::Status status =
      creche::Run({.clock = &network.clock(), .port = &network.port()}, main);
  EXPECT_THAT(status, IsOk());
}

// Whatever the network does, an answer is the right one, or an error.
TEST(RedisClientTest, NeverGivesAWrongAnswer) {
  int answers = 0;
  auto serve = [](TcpStream stream) -> Task<> {
    co_await ServeRedisEcho(std::move(stream));
  };
  auto talk = [&](RedisClient& redis) -> Task<absl::Status> {
    auto ask = [&](int number) -> Task<> {
      const std::string word = absl::StrCat("word ", number);
      // Some are in a hurry.
      const absl::StatusOr<RedisReply> reply =
          co_await creche::FailAfter(absl::Milliseconds(number % 100),
                                     redis.Ask(RedisCommand("ECHO", word)));
      if (!reply.ok()) co_return;
      EXPECT_EQ(reply->text, word);
      ++answers;
    };
    auto many = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 300; ++i) {
        nursery.StartSoon(ask, i);
        co_await creche::SleepFor(absl::Milliseconds(1));
      }
    };
    co_return co_await creche::WithNursery(many);
  };
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithRedis(serve, talk);
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    creche::SimulatedNetwork network(
        {.seed = seed, .break_probability = 0.005});
    EXPECT_THAT(
        creche::Run({.clock = &network.clock(), .port = &network.port()}, main),
        IsOk());
  }
  EXPECT_GT(answers, 1000);
}

TEST(RedisClientTest, CanBeCancelledAnywhere) {
  auto serve = [](TcpStream stream) -> Task<> {
    co_await ServeRedisEcho(std::move(stream));
  };
  auto talk = [](RedisClient& redis) -> Task<absl::Status> {
    for (int i = 0; i < 4; ++i) {
      const std::string word = absl::StrCat("word ", i);
      const absl::StatusOr<RedisReply> reply = co_await creche::FailAfter(
          absl::Seconds(10), redis.Ask(RedisCommand("ECHO", word)));
      if (reply.ok()) {
        EXPECT_EQ(reply->text, word);
      }
    }
    co_return absl::OkStatus();
  };
  auto body = [&]() -> Task<absl::Status> {
    co_return co_await WithRedis(serve, talk);
  };
  creche::CancelEverywhereOptions options;
  options.inner_scopes = true;
  EXPECT_GT(creche::CancelEverywhere(body, [] {}, options), 10u);
}

TEST(RedisClientTest, FailsWhoeverWaitsWhenItStops) {
  auto main = []() -> Task<absl::Status> {
    RedisClient redis("127.0.0.1", 1);  // Nobody is there.
    creche::CancelScope running;
    auto stop = [&]() -> Task<> {
      co_await creche::SleepFor(absl::Milliseconds(50));
      running.Cancel();
    };
    auto run = [&]() -> Task<> { co_await running.Run(redis.Run()); };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(run);
      nursery.StartSoon(stop);
      auto reply = co_await redis.Ask(RedisCommand("PING"));
      EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
      reply = co_await redis.Ask(RedisCommand("PING"));
      EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(body);
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

}  // namespace
}  // namespace examples
