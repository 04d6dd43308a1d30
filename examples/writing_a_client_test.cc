// SPDX-License-Identifier: Apache-2.0
//
// The clients of docs/writing_a_client.md: one that gives wrong answers once a
// question was given up, two that cannot, and the test that tells them apart.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "examples/lagging_proxy.h"
#include "examples/redis_client.h"
#include "examples/redis_echo_server.h"
#include "examples/redis_reply.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::BufferedReader;
using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::TcpStream;
using creche::Try;

constexpr absl::Duration kLag = absl::Seconds(1);

// A question and its answer, on a connection.
Task<absl::StatusOr<std::string>> AskEcho(BufferedReader<TcpStream>& connection,
                                          std::string word) {
  const std::string question = RedisCommand("ECHO", word);
  co_await Try(connection.stream().SendAll(question));
  // Whoever is cancelled here leaves the answer to the next one.
  RedisReply reply = co_await Try(ReadRedisReply(connection));
  co_return std::move(reply.text);
}

// The bug: the connection of a question that was given up is used again.
class CarelessClient {
 public:
  explicit CarelessClient(std::uint16_t port) : port_(port) {}

  Task<absl::StatusOr<std::string>> Echo(std::string word) {
    if (!connection_.has_value()) {
      connection_.emplace(co_await Try(creche::ConnectTcp("127.0.0.1", port_)));
    }
    co_return co_await AskEcho(*connection_, std::move(word));
  }

 private:
  const std::uint16_t port_;
  std::optional<BufferedReader<TcpStream>> connection_;
};

// A connection goes back to the pool only by Return(), which is the last thing
// that a complete exchange does. Whatever ends one earlier, a cancellation, an
// error, an exception or an early return, closes it.
class PooledClient {
 public:
  explicit PooledClient(std::uint16_t port) : pool_(Opener(port)) {}

  Task<absl::StatusOr<std::string>> Echo(std::string word) {
    auto lease = co_await Try(pool_.Borrow());
    std::string answer = co_await Try(AskEcho(*lease, std::move(word)));
    lease.Return();
    co_return answer;
  }

 private:
  using Connection = BufferedReader<TcpStream>;

  static creche::Function<absl::StatusOr<Connection>()> Opener(
      std::uint16_t port) {
    return [port]() -> Task<absl::StatusOr<Connection>> {
      co_return Connection(co_await Try(creche::ConnectTcp("127.0.0.1", port)));
    };
  }

  creche::Pool<Connection> pool_;
};

// The connection belongs to a task of its own, which is not cancelled when an
// asker is: see examples/redis_client.h.
class QueuedClient {
 public:
  explicit QueuedClient(RedisClient& redis) : redis_(redis) {}

  Task<absl::StatusOr<std::string>> Echo(std::string word) {
    RedisReply reply =
        co_await Try(redis_.Ask(RedisCommand("ECHO", std::move(word))));
    co_return std::move(reply.text);
  }

 private:
  RedisClient& redis_;
};

struct Answers {
  int right = 0;
  int wrong = 0;
};

// Every other question is given up while its answer is on its way.
template <typename Client>
Task<Answers> AskAndGiveUp(Client& client) {
  Answers answers;
  for (int i = 0; i < 20; ++i) {
    const std::string word = absl::StrCat("word ", i);
    const absl::Duration patience = i % 2 == 0 ? kLag / 2 : 10 * kLag;
    const auto answer =
        co_await creche::MoveOnAfter(patience, client.Echo(word));
    if (!answer.has_value() || !answer->ok()) continue;
    ++(**answer == word ? answers.right : answers.wrong);
  }
  co_return answers;
}

// What test(port) finds, with the server behind the proxy at that port.
template <typename Test>
Answers BehindProxy(Test& test) {
  Answers answers;
  auto main = [&]() -> Task<absl::Status> {
    auto server = co_await Try(creche::ListenTcp("127.0.0.1", 0));
    auto front = co_await Try(creche::ListenTcp("127.0.0.1", 0));
    const std::uint16_t port = front.port();
    LaggingProxy proxy("127.0.0.1", server.port(), kLag);
    auto answer = [](TcpStream stream) -> Task<> {
      co_await ServeRedisEcho(std::move(stream));
    };
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await creche::ServeTcp(std::move(server), answer);
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      nursery.StartSoon(&LaggingProxy::Serve, &proxy, std::move(front));
      answers = co_await test(port);
      nursery.Cancel("the test is done");
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(body);
  };
  creche::SimulatedNetwork network;
  EXPECT_THAT(
      creche::Run({.clock = &network.clock(), .port = &network.port()}, main),
      IsOk());
  return answers;
}

TEST(WritingAClientTest, TheCarelessOneIsCaught) {
  auto test = [](std::uint16_t port) -> Task<Answers> {
    CarelessClient client(port);
    co_return co_await AskAndGiveUp(client);
  };
  const Answers answers = BehindProxy(test);
  EXPECT_GT(answers.wrong, 0);
}

TEST(WritingAClientTest, TheOneWithAPoolIsRight) {
  auto test = [](std::uint16_t port) -> Task<Answers> {
    PooledClient client(port);
    co_return co_await AskAndGiveUp(client);
  };
  const Answers answers = BehindProxy(test);
  EXPECT_EQ(answers.wrong, 0);
  EXPECT_EQ(answers.right, 10);
}

TEST(WritingAClientTest, TheOneWithAQueueIsRight) {
  auto test = [](std::uint16_t port) -> Task<Answers> {
    RedisClient redis("127.0.0.1", port);
    QueuedClient client(redis);
    Answers answers;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(&RedisClient::Run, std::ref(redis));
      answers = co_await AskAndGiveUp(client);
      nursery.Cancel();
    };
    EXPECT_THAT(co_await creche::WithNursery(body), IsOk());
    co_return answers;
  };
  const Answers answers = BehindProxy(test);
  EXPECT_EQ(answers.wrong, 0);
  EXPECT_EQ(answers.right, 10);
}

}  // namespace
}  // namespace examples
