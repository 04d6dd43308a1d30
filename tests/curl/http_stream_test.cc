// SPDX-License-Identifier: Apache-2.0
//
// Responses whose head comes first, and requests whose body comes in pieces.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/curl/http_client.h"
#include "creche/net/tcp_stream.h"
#include "creche/sync/channel.h"
#include "creche/sync/event.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/curl/http_peer.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using Piece = std::optional<std::string>;

constexpr absl::string_view kLastChunk = "0\r\n\r\n";

// Receives until what has come ends with `end`.
Task<absl::Status> ReceiveUntil(TcpStream& stream, absl::string_view end) {
  std::string text;
  char c;
  while (!absl::EndsWith(text, end)) {
    if (co_await Try(stream.ReceiveSome(absl::MakeSpan(&c, 1))) == 0) {
      co_return absl::DataLossError(absl::StrCat("the end came after ", text));
    }
    text.push_back(c);
  }
  co_return absl::OkStatus();
}

void RunWithPeer(const Serve& serve, const WithUrl& fetch) {
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await FailAfter(absl::Seconds(20), WithPeer(serve, fetch));
  });
}

Task<absl::Status> Ignore(absl::string_view) { co_return absl::OkStatus(); }

TEST(HttpStreamTest, TheHeadComesBeforeTheBody) {
  Event has_head;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_await Try(stream.SendAll(
        "HTTP/1.1 103 Early Hints\r\nX: early\r\n\r\n"
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nX: y\r\n\r\n"));
    co_await has_head.Wait();
    co_return co_await stream.SendAll("body");
  };
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client;
    std::string body;
    auto on_head = [&](HttpResponse head) -> Task<absl::Status> {
      EXPECT_EQ(head.code, 404);
      EXPECT_EQ(head.Header("X"), "y");
      EXPECT_EQ(head.url, url + "/");
      EXPECT_EQ(body, "");
      EXPECT_FALSE(has_head.is_set());
      has_head.Set();
      co_return absl::OkStatus();
    };
    auto take = [&](absl::string_view piece) -> Task<absl::Status> {
      EXPECT_TRUE(has_head.is_set());
      body.append(piece.data(), piece.size());
      co_return absl::OkStatus();
    };
    HttpRequest request(url + "/");
    auto fetching = client.FetchStream(request, on_head, take);
    const HttpResponse response = co_await Try(std::move(fetching));
    EXPECT_EQ(response.code, 404);
    EXPECT_EQ(body, "body");
    co_return absl::OkStatus();
  };
  RunWithPeer(serve, fetch);
}

// One without a body has a head, too; that of a redirect is not shown.
TEST(HttpStreamTest, ARedirectsHeadIsNotShown) {
  auto answer = [](absl::string_view head) {
    return PathIn(head) == "/" ? Answer("", "Location: /end\r\n", "302 Found")
                               : Answer("", "X: y\r\n", "204 No Content");
  };
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    int heads = 0;
    auto on_head = [&](HttpResponse head) -> Task<absl::Status> {
      ++heads;
      EXPECT_EQ(head.code, 204);
      co_return absl::DataLossError("nothing in it");
    };
    HttpRequest request(url + "/");
    auto fetching = client.FetchStream(request, on_head, Ignore);
    EXPECT_EQ((co_await std::move(fetching)).status(),
              absl::DataLossError("nothing in it"));
    EXPECT_EQ(heads, 1);
    co_return absl::OkStatus();
  };
  RunWithPeer(Answering(answer), fetch);
}

// Headers behind a line of space belong to the head, as libcurl has it.
TEST(HttpStreamTest, ALineOfSpaceIsNotTheEndOfAHead) {
  auto serve = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_await Try(stream.SendAll("HTTP/1.1 200 OK\r\nX: y\r\n \r\n"));
    // The client sees that by itself.
    for (int i = 0; i < 100; ++i) co_await Checkpoint();
    co_return co_await stream.SendAll("Z: z\r\nContent-Length: 0\r\n\r\n");
  };
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest request(url + "/");
    auto on_head = [](HttpResponse head) -> Task<absl::Status> {
      EXPECT_EQ(head.Header("X"), "y");
      EXPECT_EQ(head.Header("Z"), "z");
      co_return absl::OkStatus();
    };
    auto fetching = client.FetchStream(request, on_head, Ignore);
    co_await Try(std::move(fetching));
    co_return absl::OkStatus();
  };
  RunWithPeer(serve, fetch);
}

// Each piece is sent when the answer to the one before has come.
constexpr int kPings = 1;

Task<absl::Status> PlayPingPong(TcpStream& stream) {
  co_await Try(HttpHead(stream));
  co_await Try(
      stream.SendAll("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int i = 0; i < kPings; ++i) {
    co_await Try(ReceiveUntil(stream, "ping\r\n"));
    co_await Try(stream.SendAll("4\r\npong\r\n"));
  }
  co_await Try(ReceiveUntil(stream, kLastChunk));
  co_return co_await stream.SendAll(kLastChunk);
}

Task<absl::Status> FetchPingPong(std::string url) {
  HttpClient client;
  int pings = 0;
  std::string pongs;
  auto pong = MakeChannel<int>(1);
  auto source = [&]() -> Task<absl::StatusOr<Piece>> {
    if (pings > 0) co_await pong.second.Receive();
    if (pings++ == kPings) co_return std::nullopt;
    co_return "ping";
  };
  auto on_head = [](HttpResponse head) -> Task<absl::Status> {
    EXPECT_EQ(head.code, 200);
    co_await Checkpoint();
    co_return absl::OkStatus();
  };
  auto take = [&](absl::string_view piece) -> Task<absl::Status> {
    pongs.append(piece.data(), piece.size());
    if (pongs.size() % 4 != 0) co_return absl::OkStatus();
    co_return pong.first.TrySend(1);
  };
  HttpRequest request(url);
  request.set_body_source(source);
  auto fetching = client.FetchStream(request, on_head, take);
  co_await Try(std::move(fetching));
  EXPECT_EQ(pongs, "pong");
  co_return absl::OkStatus();
}

Task<absl::Status> PingPong() {
  co_return co_await WithPeer(PlayPingPong, FetchPingPong);
}

TEST(HttpStreamTest, BothDirectionsAtOnce) { RunChecked(PingPong); }

TEST(HttpStreamTest, BothDirectionsCancelledEverywhere) {
  // libcurl keeps what it opens first.
  RunChecked(PingPong);
  CancelEverywhere(PingPong);
}

TEST(HttpStreamTest, BothDirectionsSurviveTheKernel) {
  RunChecked(PingPong);
  FailEverywhere(PingPong);
}

TEST(HttpStreamTest, ASlowServerHoldsTheSourceBack) {
  std::size_t sent = 0;
  auto serve = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_await SleepForever();
    co_return absl::OkStatus();
  };
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client;
    auto source = [&]() -> Task<absl::StatusOr<Piece>> {
      sent += 100000;
      co_return std::string(100000, 'x');
    };
    HttpRequest request(url);
    request.set_body_source(source);
    co_await MoveOnAfter(absl::Milliseconds(300), client.Fetch(request));
    co_return absl::OkStatus();
  };
  RunWithPeer(serve, fetch);
  EXPECT_GT(sent, std::size_t{100000});
  EXPECT_LT(sent, std::size_t{40} << 20);
}

// How a POST with this source ends.
absl::StatusOr<HttpResponse> Post(const Serve& serve,
                                  HttpRequest::BodySource source) {
  absl::StatusOr<HttpResponse> response;
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest request(url + "/");
    request.set_body_source(source);
    response = co_await client.Fetch(request);
    co_return absl::OkStatus();
  };
  RunWithPeer(serve, fetch);
  return response;
}

TEST(HttpStreamTest, AnErrorOfTheSourceEndsTheFetch) {
  auto fail = []() -> Task<absl::StatusOr<Piece>> {
    co_return absl::DataLossError("bad sector");
  };
  bool was_whole = false;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    was_whole = (co_await ReceiveUntil(stream, kLastChunk)).ok();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(Post(serve, fail).status(), absl::DataLossError("bad sector"));
  EXPECT_FALSE(was_whole);
}

// For ever.
Task<absl::StatusOr<Piece>> Wait() {
  co_await SleepForever();
  co_return std::nullopt;
}

TEST(HttpStreamTest, AServerThatHasRefusedEndsTheSource) {
  for (const absl::string_view more : {"", "Connection: close\r\n"}) {
    auto refuse = [&](TcpStream& stream) -> Task<absl::Status> {
      co_await Try(HttpHead(stream));
      const std::string text = Answer("why", more, "413 Content Too Large");
      co_await Try(stream.SendAll(text));
      if (more.empty()) co_return co_await ReceiveUntil(stream, "never");
      co_return absl::OkStatus();
    };
    const absl::StatusOr<HttpResponse> response = Post(refuse, Wait);
    ASSERT_THAT(response.status(), IsOk());
    EXPECT_EQ(response->code, 413);
    EXPECT_EQ(response->body, "why");
  }
}

TEST(HttpStreamTest, AServerThatCutsIsNoticedWhileTheSourceWaits) {
  for (const absl::string_view text :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    auto cut = [&](TcpStream& stream) -> Task<absl::Status> {
      co_await Try(HttpHead(stream));
      co_return co_await stream.SendAll(text);
    };
    EXPECT_THAT(Post(cut, Wait), StatusIs(absl::StatusCode::kUnavailable))
        << text;
  }
}

// A 303 wants none: it is a GET.
TEST(HttpStreamTest, ARedirectCannotHaveTheBodyAgain) {
  auto none = []() -> Task<absl::StatusOr<Piece>> { co_return std::nullopt; };
  auto redirect_by = [](std::string status) -> Serve {
    return [status](TcpStream& stream) -> Task<absl::Status> {
      const std::string head = co_await Try(HttpHead(stream));
      if (absl::StartsWith(head, "GET /end ")) {
        const std::string text = Answer("end");
        co_return co_await stream.SendAll(text);
      }
      co_await Try(ReceiveUntil(stream, kLastChunk));
      const std::string text =
          Answer("", "Location: /end\r\nConnection: close\r\n", status);
      co_return co_await stream.SendAll(text);
    };
  };
  EXPECT_THAT(Post(redirect_by("307 Temporary Redirect"), none),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  const absl::StatusOr<HttpResponse> other =
      Post(redirect_by("303 See Other"), none);
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(other->body, "end");
}

}  // namespace
}  // namespace creche
