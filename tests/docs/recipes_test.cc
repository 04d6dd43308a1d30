// SPDX-License-Identifier: Apache-2.0
//
// What docs/recipes.md shows for clients.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::IsOkAndHolds;
using creche::Nursery;
using creche::Task;
using creche::Try;

struct ClientOptions {
  std::string host;
  std::uint16_t port = 0;
};

// Asks questions over one connection, for any number of tasks. A task of its
// own sends and receives, and those that ask only wait for it. Nobody but
// WithClient() makes one, so it is never without that task.
class Client {
 public:
  Task<absl::StatusOr<std::string>> Ask(std::string question) {
    creche::OneShot<std::string> answer;
    Request request{std::move(question), answer.TakeSetter()};
    co_await Try(send_.Send(std::move(request)));
    co_return co_await answer.Get();
  }

 private:
  template <typename Body>
  friend Task<absl::Status> WithClient(ClientOptions options, Body body);

  struct Request {
    std::string question;
    creche::OneShot<std::string>::Setter answer;
  };

  explicit Client(creche::TcpStream stream) : stream_(std::move(stream)) {}

  // An answer is received also if whoever has asked is gone by then: the next
  // one is that of the next question.
  Task<absl::Status> Work() {
    creche::BufferedReader reader(stream_);
    while (std::optional<Request> request = co_await requests_.Receive()) {
      co_await Try(stream_.SendAll(request->question + "\n"));
      std::string answer = co_await Try(reader.ReadLine());
      request->answer.Set(std::move(answer));
    }
    co_return absl::OkStatus();
  }

  creche::TcpStream stream_;
  std::pair<creche::Sender<Request>, creche::Receiver<Request>> channel_ =
      creche::MakeChannel<Request>(0);
  creche::Sender<Request>& send_ = channel_.first;
  creche::Receiver<Request>& requests_ = channel_.second;
};

// Connects, calls body(client), and disconnects. If the connection fails, the
// body is cancelled, and the error is returned.
template <typename Body>
Task<absl::Status> WithClient(ClientOptions options, Body body) {
  Client client(co_await Try(creche::ConnectTcp(options.host, options.port)));
  auto work_for_body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(&Client::Work, &client);
    co_await Try(body(client));
    nursery.Cancel("the body has ended");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(work_for_body);
}

// Answers every question, in its time.
Task<absl::Status> Answer(creche::TcpStream stream) {
  creche::BufferedReader reader(stream);
  for (;;) {
    const std::string question = co_await Try(reader.ReadLine());
    co_await creche::SleepFor(absl::Milliseconds(10));
    const std::string answer = absl::StrCat("you said ", question, "\n");
    co_await Try(stream.SendAll(answer));
  }
}

Task<absl::Status> Serve(creche::TcpListener listener) {
  auto handler = [](creche::TcpStream stream) -> Task<> {
    (co_await Answer(std::move(stream))).IgnoreError();  // It may hang up.
  };
  co_return co_await creche::ServeTcp(std::move(listener), handler);
}

// Asks twice, and may lose patience with the first question.
Task<absl::Status> AskTwice(int& right, int& wrong) {
  auto ask = [&](Client& client) -> Task<absl::Status> {
    co_await creche::MoveOnAfter(absl::Seconds(1), client.Ask("one"));
    const std::string answer = co_await Try(client.Ask("two"));
    ++(answer == "you said two" ? right : wrong);
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto listener = co_await Try(creche::ListenTcp("10.0.0.1", 80));
    nursery.StartSoon(Serve, std::move(listener));
    ClientOptions options;
    options.host = "10.0.0.1";
    options.port = 80;
    co_await Try(WithClient(std::move(options), ask));
    nursery.Cancel("both questions are answered");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(body);
}

TEST(RecipesTest, ACancelledQuestionLeavesNoAnswerForTheNext) {
  creche::SimulatedNetwork network;
  creche::CancelEverywhereOptions options;
  options.port = &network.port();
  options.clock = &network.clock();
  options.inner_scopes = true;  // The timeout of the question, too.
  int right = 0;
  int wrong = 0;
  auto body = [&]() -> Task<absl::Status> {
    co_return co_await AskTwice(right, wrong);
  };
  creche::CancelEverywhere(body, [] {}, options);
  EXPECT_GT(right, 1);
  EXPECT_EQ(wrong, 0);
}

// A server that takes its time, or fails.
struct Replica {
  absl::Duration delay;
  absl::Status status;
  int asked = 0;
};

Task<absl::StatusOr<std::string>> Ask(Replica& replica) {
  ++replica.asked;
  co_await creche::SleepFor(replica.delay);
  co_await Try(replica.status);
  co_return absl::StrCat("after ", absl::FormatDuration(replica.delay));
}

// Asks the second if the first fails, or takes longer than usual.
Task<absl::StatusOr<std::string>> AskEither(Replica& first, Replica& second) {
  creche::Event first_has_failed;
  auto ask_first = [&]() -> Task<absl::StatusOr<std::string>> {
    auto answer = co_await Ask(first);
    if (!answer.ok()) first_has_failed.Set();
    co_return answer;
  };
  auto ask_second = [&]() -> Task<absl::StatusOr<std::string>> {
    co_await creche::MoveOnAfter(absl::Milliseconds(50),
                                 first_has_failed.Wait());
    co_return co_await Ask(second);
  };
  co_return co_await creche::FirstSuccess(ask_first, ask_second);
}

CRECHE_TEST(RecipesTest, TheSecondReplicaIsAskedIfTheFirstIsSlowOrFails) {
  Replica fast{absl::Milliseconds(20), absl::OkStatus()};
  Replica slow{absl::Hours(1), absl::OkStatus()};
  Replica broken{absl::Milliseconds(1), absl::UnavailableError("reset")};

  EXPECT_THAT(co_await AskEither(fast, slow), IsOkAndHolds("after 20ms"));
  EXPECT_EQ(slow.asked, 0);
  const absl::Time start = creche::Now();
  EXPECT_THAT(co_await AskEither(slow, fast), IsOkAndHolds("after 20ms"));
  EXPECT_EQ(creche::Now() - start, absl::Milliseconds(70));
  EXPECT_THAT(co_await AskEither(broken, fast), IsOkAndHolds("after 20ms"));
  EXPECT_EQ(creche::Now() - start, absl::Milliseconds(91));
  const auto neither = co_await AskEither(broken, broken);
  EXPECT_TRUE(absl::IsUnavailable(neither.status())) << neither.status();
}

// So many further tries for all requests together; each success earns a tenth
// of one. Retries must not be what keeps a server down.
class RetryBudget {
 public:
  bool Take() {
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  void NoteSuccess() { left_ = std::min(left_ + 0.1, kMost); }

 private:
  static constexpr double kMost = 10;
  double left_ = kMost;
};

// Nobody there, a broken connection, one that has ended too early, or no time.
bool MaySucceedLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || creche::IsEndOfStream(status) ||
         creche::IsTimeout(status);
}

class Retries {
 public:
  explicit Retries(std::uint64_t seed) : random_(seed) {}

  // Each try has a second. A cancellation is no error, so it is not retried.
  template <typename Attempt>
  Task<absl::StatusOr<std::string>> Run(Attempt attempt) {
    absl::Duration most = absl::Milliseconds(100);
    for (int tries = 1;; ++tries) {
      absl::StatusOr<std::string> answer =
          co_await creche::FailAfter(absl::Seconds(1), attempt());
      if (answer.ok()) {
        budget_.NoteSuccess();
        co_return answer;
      }
      if (tries == kTries || !MaySucceedLater(answer.status()) ||
          !budget_.Take()) {
        co_return answer;
      }
      // Those that have failed together do not come again together.
      co_await creche::SleepFor(most * jitter_(random_));
      most *= 2;
    }
  }

 private:
  static constexpr int kTries = 4;

  RetryBudget budget_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<> jitter_{0, 1};
};

CRECHE_TEST(RecipesTest, RetriesHaveALimitAndABudget) {
  Retries retries(/*seed=*/1);
  Replica broken{absl::Milliseconds(1), absl::UnavailableError("reset")};
  Replica wrong{absl::Milliseconds(1), absl::NotFoundError("no such thing")};
  auto ask_broken = [&]() -> Task<absl::StatusOr<std::string>> {
    co_return co_await Ask(broken);
  };
  auto ask_wrong = [&]() -> Task<absl::StatusOr<std::string>> {
    co_return co_await Ask(wrong);
  };

  EXPECT_TRUE(absl::IsNotFound((co_await retries.Run(ask_wrong)).status()));
  EXPECT_EQ(wrong.asked, 1);
  const absl::Time start = creche::Now();
  EXPECT_TRUE(absl::IsUnavailable((co_await retries.Run(ask_broken)).status()));
  EXPECT_EQ(broken.asked, 4);
  EXPECT_LE(creche::Now() - start, absl::Milliseconds(704));
  // Ten further tries for all; then each request is tried once.
  for (int i = 0; i < 9; ++i) {
    (co_await retries.Run(ask_broken)).status().IgnoreError();
  }
  EXPECT_EQ(broken.asked, 20);
}

// Calls show() five times a second while the work goes on, and at its end.
template <typename Show, typename Work>
Task<absl::Status> WithProgress(Show show, Work work) {
  auto show_again_and_again = [&]() -> Task<> {
    for (;;) {
      show();
      co_await creche::SleepFor(absl::Milliseconds(200));
    }
  };
  auto both = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(show_again_and_again);
    co_await Try(work());
    nursery.Cancel("the work is done");
    co_return absl::OkStatus();
  };
  const absl::Status status = co_await creche::WithNursery(both);
  show();
  co_return status;
}

CRECHE_TEST(RecipesTest, ProgressIsShownWhileTheWorkGoesOn) {
  int done = 0;
  std::vector<int> shown;
  auto work = [&]() -> Task<absl::Status> {
    for (; done < 6; ++done) co_await creche::SleepFor(absl::Milliseconds(90));
    co_return absl::OkStatus();
  };
  CO_ASSERT_OK(co_await WithProgress([&] { shown.push_back(done); }, work));
  EXPECT_EQ(shown, std::vector<int>({0, 2, 4, 6}));
}

}  // namespace
