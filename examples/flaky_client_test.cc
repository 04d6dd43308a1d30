// SPDX-License-Identifier: Apache-2.0
//
// How a bug that shows once in a million requests is found in a millisecond.
//
//   bazel test //examples:flaky_client_test
//
// A client asks questions over one connection. If a question takes too long it
// is given up, and the next one gets the answer to the question before.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/memory_stream.h"
#include "gtest/gtest.h"

namespace {

using creche::CancelEverywhere;
using creche::CancelEverywhereOptions;
using creche::MemoryStream;
using creche::MemoryStreamPair;

creche::Task<absl::StatusOr<std::string>> ReadLine(MemoryStream& stream) {
  std::string line;
  for (;;) {
    char byte;
    const size_t size =
        co_await creche::Try(stream.ReceiveSome(absl::MakeSpan(&byte, 1)));
    if (size == 0) co_return absl::UnavailableError("the server has gone");
    if (byte == '\n') co_return line;
    line.push_back(byte);
  }
}

class FlakyClient {
 public:
  explicit FlakyClient(MemoryStream stream) : stream_(std::move(stream)) {}

  creche::Task<absl::StatusOr<std::string>> Ask(std::string question) {
    co_await creche::Try(stream_.SendAll(question + "\n"));
    co_return co_await ReadLine(stream_);
  }

 private:
  MemoryStream stream_;
};

// The cure: whoever is cancelled between question and answer leaves a
// connection that nobody may use.
class Client {
 public:
  explicit Client(MemoryStream stream) : stream_(std::move(stream)) {}

  creche::Task<absl::StatusOr<std::string>> Ask(std::string question) {
    if (answer_is_due_) co_return absl::UnavailableError("connect again");
    answer_is_due_ = true;
    co_await creche::Try(stream_.SendAll(question + "\n"));
    std::string answer = co_await creche::Try(ReadLine(stream_));
    answer_is_due_ = false;
    co_return answer;
  }

 private:
  MemoryStream stream_;
  bool answer_is_due_ = false;
};

creche::Task<> Serve(MemoryStream stream) {
  for (;;) {
    absl::StatusOr<std::string> question = co_await ReadLine(stream);
    if (!question.ok()) co_return;
    co_await creche::SleepFor(absl::Milliseconds(10));
    const std::string answer = absl::StrCat("you said ", *question, "\n");
    if (!(co_await stream.SendAll(answer)).ok()) co_return;
  }
}

// One test for both: asks twice, and may lose patience with the first.
template <typename AnyClient>
creche::Task<absl::Status> AskTwice(int& wrong_answers) {
  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    auto [ours, theirs] = MemoryStreamPair();
    nursery.StartSoon(Serve, std::move(theirs));
    AnyClient client(std::move(ours));
    co_await creche::MoveOnAfter(absl::Seconds(1), client.Ask("one"));
    absl::StatusOr<std::string> answer = co_await client.Ask("two");
    if (answer.ok() && *answer != "you said two") ++wrong_answers;
    nursery.Cancel();
  };
  co_return co_await creche::WithNursery(body);
}

template <typename AnyClient>
int CountWrongAnswers() {
  int wrong_answers = 0;
  auto body = [&]() -> creche::Task<absl::Status> {
    co_return co_await AskTwice<AnyClient>(wrong_answers);
  };
  CancelEverywhereOptions options;
  options.inner_scopes = true;  // Timeouts of the body itself, too.
  CancelEverywhere(body, [] {}, options);
  return wrong_answers;
}

TEST(FlakyClientTest, GetsTheWrongAnswer) {
  EXPECT_GT(CountWrongAnswers<FlakyClient>(), 0);
}

TEST(ClientTest, NeverGetsTheWrongAnswer) {
  EXPECT_EQ(CountWrongAnswers<Client>(), 0);
}

}  // namespace
