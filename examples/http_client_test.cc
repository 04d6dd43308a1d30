// SPDX-License-Identifier: Apache-2.0
//
// HttpClient, against servers that are wrong, and cancelled anywhere.

#include "examples/http_client.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::TcpStream;
using creche::Try;

// Runs `talk(base)` beside a server that answers each request with `answer`, in
// which "%" stands for the path, and then closes the connection if told so.
template <typename Talk>
Task<absl::Status> WithServer(std::string answer, bool closes, Talk& talk) {
  auto serve_one = [&](TcpStream stream) -> Task<> {
    creche::BufferedReader reader(stream);
    do {
      const absl::StatusOr<std::string> head =
          co_await reader.ReadUntil("\r\n\r\n");
      if (!head.ok()) co_return;
      const std::string path = head->substr(4, head->find(' ', 4) - 4);
      std::string reply = answer;
      if (const size_t at = reply.find('%'); at != std::string::npos) {
        reply.replace(at, 1, path);
      }
      const absl::Status sent = co_await stream.SendAll(reply);
      if (!sent.ok()) co_return;
    } while (!closes);
  };
  // Out here, since the nursery's body may be gone before its children are.
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", 0));
  const std::string base = absl::StrCat("http://127.0.0.1:", listener.port());
  auto serve = [&]() -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(listener), serve_one);
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    co_await Try(talk(base));
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(body);
}

absl::StatusOr<std::string> BodyOf(const std::string& answer) {
  std::string body;
  auto talk = [&](std::string base) -> Task<absl::Status> {
    HttpClient client;
    HttpResponse response = co_await Try(client.Get(base + "/"));
    body = response.body;
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithServer(answer, /*closes=*/true, talk);
  };
  const absl::Status status = creche::Run(main);
  if (!status.ok()) return status;
  return body;
}

TEST(HttpClientTest, UnderstandsWhatIsRight) {
  const std::vector<std::string> right = {
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
      "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
      "HTTP/1.0 200 OK\r\n\r\nhi",
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 200 OK\r\ncontent-length:\t2 \r\n\r\nhi",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nh\r\n1;x=y\r\ni\r\n0\r\nTrailer: x\r\n\r\n",
  };
  for (const std::string& answer : right) {
    const absl::StatusOr<std::string> body = BodyOf(answer);
    ASSERT_TRUE(body.ok()) << body.status() << "\n" << answer;
    EXPECT_EQ(*body, "hi") << answer;
  }
}

TEST(HttpClientTest, RefusesGarbage) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> wrong = {
      "",
      "\r\n",
      "SSH-2.0-OpenSSH\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 +20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 101 Switching\r\n\r\n",
      "HTTP/1.1 200 OK",
      std::string(100000, 'x'),
      ok,
      ok + ": no name\r\n\r\n",
      ok + "no colon\r\n\r\n",
      ok + "a blank : x\r\n\r\n",
      ok + " folded: x\r\n\r\n",
      ok + "x: a\rb\r\n\r\n",
      ok + "Content-Length: 3\r\n\r\nhi",
      ok + "Content-Length: -2\r\n\r\nhi",
      ok + "Content-Length: +2\r\n\r\nhi",
      ok + "Content-Length: 2x\r\n\r\nhi",
      ok + "Content-Length: 99999999999999999999\r\n\r\nhi",
      ok + "Content-Length: 99999999\r\n\r\nhi",
      ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
      ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ok + "Content-Length:\r\n\r\nhi",
      ok + "Content-Length:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ok + "Transfer-Encoding: gzip\r\n\r\nhi",
      ok + "Transfer-Encoding:\r\n\r\nhi",
      ok + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
      ok + "x: a\nb: c\r\nContent-Length: 2\r\n\r\nhi",
      chunked + "x\r\nhi\r\n0\r\n\r\n",
      chunked + "\r\nhi\r\n0\r\n\r\n",
      chunked + "-1\r\nhi\r\n0\r\n\r\n",
      chunked + "0x2\r\nhi\r\n0\r\n\r\n",
      chunked + "2\r\nhi!\r\n0\r\n\r\n",
      chunked + "2\r\nhi\r\n",
      chunked + "2\r\nhi\r\n0\r\n",
      chunked + "2;\n\r\nhi\r\n0\r\n\r\n",
      chunked + "2\r\nhi\n0\r\n\r\n",
      chunked + "2;" + std::string(1000, 'x') + "\r\nhi\r\n0\r\n\r\n",
      chunked + "0\r\nno colon\r\n\r\n",
      chunked + "ffffffff\r\nhi\r\n0\r\n\r\n",
      chunked + "fffffffff\r\nhi\r\n0\r\n\r\n",
      "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n",
  };
  for (const std::string& answer : wrong) {
    const absl::StatusOr<std::string> body = BodyOf(answer);
    EXPECT_FALSE(body.ok()) << *body << "\n" << answer;
  }
  std::string many = ok;
  for (int i = 0; i < 1000; ++i) many += "x: y\r\n";
  EXPECT_FALSE(BodyOf(many + "\r\n").ok());
}

// A server that sends a body where there is none may send it at any time.
TEST(HttpClientTest, KeepsNoConnectionWithABodyThatIsNone) {
  auto talk = [](std::string base) -> Task<absl::Status> {
    HttpClient client;
    for (int i = 0; i < 2; ++i) co_await Try(client.Get(base + "/"));
    EXPECT_EQ(client.connections_opened(), 2);
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithServer(
        "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", false, talk);
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

TEST(HttpClientTest, KeepsItsConnection) {
  auto talk = [](std::string base) -> Task<absl::Status> {
    HttpClient client;
    for (int i = 0; i < 3; ++i) {
      const std::string path = absl::StrCat("/", i);
      HttpResponse response = co_await Try(client.Get(base + path));
      EXPECT_EQ(response.body, path);
    }
    EXPECT_EQ(client.connections_opened(), 1);
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithServer(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%", false, talk);
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

// The server says that it keeps the connection, and closes it.
TEST(HttpClientTest, ReplacesAConnectionThatWasClosed) {
  auto talk = [](std::string base) -> Task<absl::Status> {
    HttpClient client;
    for (int i = 0; i < 3; ++i) {
      const std::string path = absl::StrCat("/", i);
      HttpResponse response = co_await Try(client.Get(base + path));
      EXPECT_EQ(response.body, path);
    }
    EXPECT_EQ(client.connections_opened(), 3);
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithServer(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%", true, talk);
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

// A request that is given up, at any point, never leaves its answer to another.
TEST(HttpClientTest, NeverMixesAnswersUp) {
  int answers = 0;
  auto talk = [&](std::string base) -> Task<absl::Status> {
    HttpClient client;
    for (int i = 0; i < 3; ++i) {
      const std::string path = absl::StrCat("/", i);
      const absl::StatusOr<HttpResponse> response =
          co_await creche::FailAfter(absl::Hours(1), client.Get(base + path));
      if (!response.ok()) continue;
      EXPECT_EQ(response->body, path);
      ++answers;
    }
    co_return absl::OkStatus();
  };
  auto body = [&]() -> Task<absl::Status> {
    co_return co_await WithServer(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%", false, talk);
  };
  creche::CancelEverywhereOptions options;
  options.inner_scopes = true;
  EXPECT_GT(creche::CancelEverywhere(body, [] {}, options), 10u);
  EXPECT_GT(answers, 0);
}

TEST(HttpUrlTest, KnowsItsParts) {
  const HttpUrl url = *HttpUrl::Parse("HTTP://example.org:8080?q=1#top");
  EXPECT_EQ(url.host(), "example.org");
  EXPECT_EQ(url.port(), 8080);
  EXPECT_EQ(url.target(), "/?q=1");
  EXPECT_EQ(HttpUrl::Parse("http://[::1]")->host(), "::1");
  EXPECT_EQ(HttpUrl::Parse("http://[::1]:81/")->port(), 81);
}

TEST(HttpUrlTest, RefusesGarbage) {
  for (const char* url : {"",
                          "http",
                          "http://",
                          "http:///",
                          "http://:80/",
                          "http://x:/",
                          "http://x:0/",
                          "http://x:65536/",
                          "http://x:-1/",
                          "http://x:80x/",
                          "http://user@x/",
                          "http://x:+80/",
                          "http://a:b:80/",
                          "http://[::1]x/",
                          "http://a\"b/",
                          "http://[a]:1]/",
                          "http://[::1/",
                          "ftp://x/",
                          "https://x/",
                          "http://x/a b",
                          "http://x/\r\nHost: y"}) {
    EXPECT_FALSE(HttpUrl::Parse(url).ok()) << url;
  }
}

TEST(HttpUrlTest, FollowsReferences) {
  const HttpUrl url = *HttpUrl::Parse("http://a:81/b/c?d=/e");
  EXPECT_EQ(url.Resolve("http://x/y")->ToString(), "http://x/y");
  EXPECT_EQ(url.Resolve("//x/y")->ToString(), "http://x/y");
  EXPECT_EQ(url.Resolve("/y")->ToString(), "http://a:81/y");
  EXPECT_EQ(url.Resolve("y?z=a:b")->ToString(), "http://a:81/b/y?z=a:b");
  EXPECT_FALSE(url.Resolve("mailto:x").ok());
}

}  // namespace
}  // namespace examples
