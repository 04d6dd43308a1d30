// SPDX-License-Identifier: Apache-2.0
//
// Fetches that are cancelled: at each point, at random moments, while others go
// on; and the kernel's failures at each point.

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/curl/http_client.h"
#include "creche/net/tcp_stream.h"
#include "creche/sync/event.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "gtest/gtest.h"
#include "tests/curl/http_peer.h"
#include "tests/support/random_cancellation.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

Serve AnswersItsPath() {
  return Answering([](absl::string_view head) { return Answer(PathIn(head)); });
}

// A client of its own, a redirect, a body in pieces, and a kept connection.
Task<absl::Status> Session() {
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest whole(url + "/whole");
    const HttpResponse response = co_await Try(client.Fetch(whole));
    EXPECT_EQ(response.body, "/whole");
    HttpRequest pieces(url + "/pieces");
    std::string body;
    auto take = [&](absl::string_view piece) -> Task<absl::Status> {
      co_await SleepFor(absl::Milliseconds(1));
      body.append(piece.data(), piece.size());
      co_return absl::OkStatus();
    };
    co_await Try(client.FetchStream(pieces, take));
    EXPECT_EQ(body, "/pieces");
    co_return absl::OkStatus();
  };
  co_return co_await WithPeer(AnswersItsPath(), fetch);
}

TEST(HttpCancelTest, ASessionCanBeCancelledEverywhere) {
  // libcurl and OpenSSL keep what they open first.
  RunChecked(Session);
  CancelEverywhere(Session);
}

TEST(HttpCancelTest, ASessionSurvivesTheKernel) {
  RunChecked(Session);
  FailEverywhere(Session);
}

// Whoever drives: the task that began, or one that took over.
TEST(HttpCancelTest, OneIsCancelledAndTheOthersGoOn) {
  for (int cancelled = 0; cancelled < 4; ++cancelled) {
    int answered = 0;
    int asked = 0;
    Event all_have_asked;
    Event may_answer;
    auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
      const std::string head = co_await Try(HttpHead(stream));
      if (++asked == 4) all_have_asked.Set();
      co_await may_answer.Wait();
      const std::string text = Answer(PathIn(head));
      co_return co_await stream.SendAll(text);
    };
    auto fetch_all = [&](std::string url) -> Task<absl::Status> {
      HttpClient client;
      CancelScope scope;
      auto fetch = [&](int i) -> Task<absl::Status> {
        HttpRequest request(absl::StrCat(url, "/", i));
        const HttpResponse response = co_await Try(client.Fetch(request));
        EXPECT_EQ(response.body, absl::StrCat("/", i));
        ++answered;
        co_return absl::OkStatus();
      };
      auto fetch_cancelled = [&]() -> Task<> {
        static_cast<void>(co_await scope.Run(fetch(cancelled)));
      };
      auto body = [&](Nursery& nursery) -> Task<absl::Status> {
        for (int i = 0; i < 4; ++i) {
          if (i == cancelled) {
            nursery.StartSoon(fetch_cancelled);
          } else {
            nursery.StartSoon(fetch, i);
          }
        }
        co_await all_have_asked.Wait();
        scope.Cancel();
        may_answer.Set();
        co_return absl::OkStatus();
      };
      co_return co_await WithNursery(body);
    };
    RunChecked([&]() -> Task<absl::Status> {
      co_return co_await WithPeer(serve, fetch_all);
    });
    EXPECT_EQ(answered, 3);
  }
}

// What is in the socket buffers, libcurl, and the piece: but no more.
TEST(HttpCancelTest, ASinkHoldsTheServerBack) {
  std::size_t sent = 0;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_await Try(stream.SendAll("HTTP/1.1 200 OK\r\n\r\n"));
    const std::string piece(100000, 'x');
    for (;;) {
      co_await Try(stream.SendAll(piece));
      sent += piece.size();
    }
  };
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client(HttpClientOptions().set_max_body(std::size_t{1} << 40));
    auto stop = [](absl::string_view) -> Task<absl::Status> {
      co_await SleepForever();
      co_return absl::OkStatus();
    };
    HttpRequest request(url);
    auto other = [&]() -> Task<absl::Status> {
      // Drives libcurl all the time.
      co_return (co_await client.FetchStream(request, stop)).status();
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(other);
      nursery.StartSoon(other);
      co_await SleepFor(absl::Milliseconds(300));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  EXPECT_LT(sent, std::size_t{40} << 20);
}

// Each answer belongs to its question, whatever was cancelled before on the
// same connection.
TEST(HttpCancelTest, ThousandsUnderRandomDeadlines) {
  constexpr unsigned kTasks = 16;
  constexpr int kFetches = 250;
  RandomCancellation trial;
  auto fetch_all = [&](std::string url) -> Task<absl::Status> {
    HttpClient client;
    auto fetch = [&](std::string path) -> Task<absl::StatusOr<std::string>> {
      HttpRequest request(url + path);
      HttpResponse response = co_await Try(client.Fetch(request));
      co_return std::move(response.body);
    };
    auto fetch_many = [&](unsigned task) -> Task<absl::Status> {
      auto asking = trial.AskMany(task, kFetches, fetch);
      co_return co_await std::move(asking);
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      for (unsigned i = 0; i < kTasks; ++i) nursery.StartSoon(fetch_many, i);
      co_return absl::OkStatus();
    };
    co_await Try(WithNursery(body));
    EXPECT_EQ(co_await Try(fetch("/last")), "/last");
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(AnswersItsPath(), fetch_all);
  });
  trial.ExpectBoth(kTasks * kFetches);
}

}  // namespace
}  // namespace creche
