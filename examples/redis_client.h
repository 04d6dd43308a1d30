// SPDX-License-Identifier: Apache-2.0
//
// RedisClient: one connection, shared by any number of tasks.
//
//   nursery.StartSoon(&RedisClient::Run, std::ref(redis));
//   RedisReply reply = co_await Try(redis.Ask(RedisCommand("GET", "key")));
//
// What tasks ask at about the same time travels together (pipelining). The
// connection belongs to Run() alone; who asks waits beside it, and if it gives
// up, its question stays in the queue until its answer has come and is dropped.
// So a cancelled command cannot give others the wrong answers.

#ifndef EXAMPLES_REDIS_CLIENT_H_
#define EXAMPLES_REDIS_CLIENT_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/redis_reply.h"

namespace examples {

class RedisClient {
 public:
  RedisClient(std::string host, std::uint16_t port)
      : host_(std::move(host)), port_(port) {}

  // Keeps a connection until it is cancelled: a task of its own, once a client.
  creche::Task<> Run() {
    const absl::Cleanup stop = [this] {
      is_stopped_ = true;
      FailAll(unanswered_, "redis: the client has stopped");
      FailAll(unsent_, "redis: the client has stopped");
    };
    for (absl::Duration pause = kMinPause;;
         pause = std::min(2 * pause, kMaxPause)) {
      absl::StatusOr<creche::TcpStream> stream = co_await creche::FailAfter(
          absl::Seconds(5), creche::ConnectTcp(host_, port_));
      if (stream.ok()) {
        ++connections_;
        pause = kMinPause;
        const absl::Status lost = co_await Converse(*stream);
        FailAll(unanswered_, absl::StrCat("redis: the command may have been "
                                          "executed: ",
                                          lost.message()));
      }
      co_await creche::SleepFor(pause);
    }
  }

  // Sends a command and waits for the reply; for a connection, too, if there is
  // none: use it with a timeout.
  // Cancellation: safe, except that the command may have been executed.
  // Errors: kInvalidArgument: Redis refuses it. kUnavailable: no connection.
  creche::Task<absl::StatusOr<RedisReply>> Ask(std::string command) {
    const auto question = std::make_shared<Question>(std::move(command));
    unsent_.push_back(question);
    has_unsent_.UnparkAll();
    if (is_stopped_) FailAll(unsent_, "redis: the client has stopped");
    co_await question->answered.Wait();
    if (question->reply.ok() && question->reply->kind == RedisReply::kError) {
      co_return absl::InvalidArgumentError(
          absl::StrCat("redis: ", question->reply->text));
    }
    co_return std::move(question->reply);
  }

  int connections() const { return connections_; }

 private:
  static constexpr absl::Duration kMinPause = absl::Milliseconds(10);
  static constexpr absl::Duration kMaxPause = absl::Seconds(5);

  struct Question {
    explicit Question(std::string c) : command(std::move(c)) {}
    const std::string command;
    creche::Event answered;
    absl::StatusOr<RedisReply> reply = absl::UnknownError("not answered");
  };
  using Questions = std::deque<std::shared_ptr<Question>>;

  // Until the connection is lost.
  creche::Task<absl::Status> Converse(creche::TcpStream& stream) {
    auto both = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
      nursery.StartSoon(&RedisClient::SendQuestions, this, std::ref(stream));
      co_return co_await ReceiveAnswers(stream);
    };
    co_return co_await creche::WithNursery(both);
  }

  creche::Task<absl::Status> SendQuestions(creche::TcpStream& stream) {
    for (;;) {
      std::string batch;
      for (; !unsent_.empty(); unsent_.pop_front()) {
        if (unsent_.front().use_count() == 1) continue;  // Nobody waits for it.
        batch += unsent_.front()->command;
        unanswered_.push_back(std::move(unsent_.front()));
      }
      if (batch.empty()) {
        co_await has_unsent_.Park("a question for Redis");
      } else {
        co_await creche::Try(stream.SendAll(batch));
      }
    }
  }

  creche::Task<absl::Status> ReceiveAnswers(creche::TcpStream& stream) {
    creche::BufferedReader reader(stream);
    for (;;) {
      RedisReply reply = co_await creche::Try(ReadRedisReply(reader));
      if (unanswered_.empty()) co_return NotRedis("a reply to nothing");
      const std::shared_ptr<Question> question = std::move(unanswered_.front());
      unanswered_.pop_front();
      question->reply = std::move(reply);
      question->answered.Set();
    }
  }

  static void FailAll(Questions& questions, absl::string_view why) {
    for (const std::shared_ptr<Question>& question : questions) {
      question->reply = absl::UnavailableError(why);
      question->answered.Set();
    }
    questions.clear();
  }

  const std::string host_;
  const std::uint16_t port_;
  bool is_stopped_ = false;
  int connections_ = 0;
  Questions unsent_;
  Questions unanswered_;  // In the order in which the answers will come.
  creche::ParkingLot has_unsent_;
};

}  // namespace examples

#endif  // EXAMPLES_REDIS_CLIENT_H_
