// SPDX-License-Identifier: Apache-2.0
//
// Talks to a Redis server: many tasks over one connection, a command that is
// given up, and a connection that is lost.
//
//   bazel run //examples:redis_client -- 127.0.0.1 6379

#include "examples/redis_client.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::Task;
using creche::Try;
using examples::RedisClient;
using examples::RedisCommand;
using examples::RedisReply;
using Reply = absl::StatusOr<RedisReply>;

// A read is safe to repeat, so one that was lost with its connection is.
Task<Reply> Get(RedisClient& redis, std::string key) {
  for (;;) {
    Reply reply = co_await redis.Ask(RedisCommand("GET", key));
    if (!absl::IsUnavailable(reply.status())) co_return reply;
    std::cout << "again: " << reply.status().message() << std::endl;
  }
}

Task<absl::Status> Show(RedisClient& redis) {
  co_await Try(redis.Ask(RedisCommand("SET", "greeting", "hello\r\nworld")));
  RedisReply greeting = co_await Try(Get(redis, "greeting"));
  std::cout << "greeting: " << greeting.text.size() << " bytes" << std::endl;

  std::cout << "a thousand tasks count, over " << redis.connections()
            << " connection" << std::endl;
  co_await Try(redis.Ask(RedisCommand("DEL", "counter")));
  std::vector<Task<Reply>> counting;
  for (int i = 0; i < 1000; ++i) {
    counting.push_back(redis.Ask(RedisCommand("INCR", "counter")));
  }
  co_await Try(creche::WhenAll(std::move(counting)));
  RedisReply counter = co_await Try(Get(redis, "counter"));
  std::cout << "counter: " << counter.text << std::endl;

  // Redis answers in order, so this one's nil will come before the greeting.
  const Reply late = co_await creche::FailAfter(
      absl::Milliseconds(50), redis.Ask(RedisCommand("BLPOP", "no list", 0.3)));
  std::cout << "given up: " << late.status() << std::endl;
  greeting = co_await Try(Get(redis, "greeting"));
  std::cout << "greeting: " << greeting.text.size() << " bytes" << std::endl;

  const Reply wrong = co_await redis.Ask(RedisCommand("INCR", "greeting"));
  std::cout << "refused: " << wrong.status() << std::endl;

  // Redis closes the connection after QUIT.
  co_await Try(redis.Ask(RedisCommand("QUIT")));
  greeting = co_await Try(Get(redis, "greeting"));
  std::cout << "greeting: " << greeting.text.size()
            << " bytes, over connection " << redis.connections() << std::endl;
  co_return absl::OkStatus();
}

Task<absl::Status> Main(std::string host, std::uint16_t port) {
  RedisClient redis(std::move(host), port);
  auto body = [&](creche::Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(&RedisClient::Run, std::ref(redis));
    co_await Try(creche::FailAfter(absl::Seconds(10), Show(redis)));
    nursery.Cancel("the show is over");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(body);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string host = argc > 1 ? argv[1] : "127.0.0.1";
  const int port = argc > 2 ? std::atoi(argv[2]) : 6379;
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, host, static_cast<std::uint16_t>(port));
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
