// SPDX-License-Identifier: Apache-2.0
//
// Servers that cut, lie and never end, requests that are none, and limits: each
// gives a Status that says where and when.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/curl/http_client.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/serve_tls.h"
#include "creche/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/curl/http_peer.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

// How a fetch ends that must fail. The message names host and port.
absl::Status FailureOf(const Serve& serve,
                       HttpClientOptions options = HttpClientOptions(),
                       absl::string_view path = "/") {
  absl::Status failure;
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client(options);
    HttpRequest request(absl::StrCat(url, path));
    failure = (co_await client.Fetch(request)).status();
    EXPECT_THAT(std::string(failure.message()), HasSubstr(url.substr(7)));
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  return failure;
}

// Answers one request with `text`, and closes.
Serve Sends(std::string text) {
  return [text](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_return co_await stream.SendAll(text);
  };
}

// Begins with `begin`, and goes on with `more` for ever.
Serve SendsForEver(std::string begin, std::string more) {
  return [begin, more](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_await Try(stream.SendAll(begin));
    for (;;) co_await Try(stream.SendAll(more));
  };
}

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

TEST(HttpFaultsTest, AServerThatCutsOrLiesIsUnavailable) {
  for (const absl::string_view text : {
           absl::string_view(""),
           absl::string_view("HTTP/1.1 200 OK\r\nConte"),
           absl::string_view(
               "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
           absl::string_view(
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfo"),
           absl::string_view(
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
           absl::string_view("220 mail.example.org ESMTP\r\n"),
       }) {
    const absl::Status failure = FailureOf(Sends(std::string(text)));
    EXPECT_TRUE(absl::IsUnavailable(failure)) << text << ": " << failure;
  }
}

TEST(HttpFaultsTest, TheMessageNamesThePhase) {
  EXPECT_THAT(MessageOf(FailureOf(Sends(""))), HasSubstr(": request: "));
  EXPECT_THAT(MessageOf(FailureOf(
                  Sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"))),
              HasSubstr(": body: "));
}

TEST(HttpFaultsTest, WhatNeverEndsMeetsALimit) {
  const std::string x(10000, 'x');
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const Serve& serve : {
           SendsForEver(head, "A: b\r\n"),
           SendsForEver(head + "A: ", x),
           SendsForEver("", "HTTP/1.1 100 Continue\r\n\r\n"),
           SendsForEver(head + "\r\n", x),
           SendsForEver("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", x),
       }) {
    const absl::Status failure =
        FailureOf(serve, HttpClientOptions().set_max_body(100000));
    EXPECT_TRUE(absl::IsResourceExhausted(failure)) << failure;
  }
}

TEST(HttpFaultsTest, ABodyMayBeAsLongAsTheLimit) {
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client(HttpClientOptions().set_max_body(10));
    HttpRequest ten(url + "/0123456789");
    EXPECT_EQ((co_await Try(client.Fetch(ten))).code, 200);
    HttpRequest eleven(url + "/0123456789a");
    const absl::Status failure = (co_await client.Fetch(eleven)).status();
    EXPECT_TRUE(absl::IsResourceExhausted(failure)) << failure;
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(Answering([](absl::string_view head) {
                                  return Answer(PathIn(head).substr(1));
                                }),
                                fetch);
  });
}

TEST(HttpFaultsTest, CompressedDataThatIsNone) {
  const absl::Status failure = FailureOf(
      Sends(Answer("this is no gzip, is it?", "Content-Encoding: gzip\r\n")));
  EXPECT_TRUE(absl::IsDataLoss(failure)) << failure;
}

Serve RedirectsTo(std::string location) {
  return Answering([location](absl::string_view) {
    return Answer("", absl::StrCat("Location: ", location, "\r\n"),
                  "302 Found");
  });
}

TEST(HttpFaultsTest, RedirectsAreBounded) {
  const absl::Status failure =
      FailureOf(RedirectsTo("/loop"), HttpClientOptions().set_max_redirects(3));
  EXPECT_TRUE(absl::IsResourceExhausted(failure)) << failure;
  EXPECT_THAT(MessageOf(failure), HasSubstr("more than 3 redirects"));
}

TEST(HttpFaultsTest, WithoutRedirectsTheyAreResponses) {
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client(HttpClientOptions().set_max_redirects(0));
    HttpRequest request(url);
    const HttpResponse response = co_await Try(client.Fetch(request));
    EXPECT_EQ(response.code, 302);
    EXPECT_EQ(response.Header("Location"), "/loop");
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(RedirectsTo("/loop"), fetch);
  });
}

TEST(HttpFaultsTest, RedirectsToOtherSchemesAreRefused) {
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/x",
                          "gopher://127.0.0.1/", "dict://127.0.0.1/"}) {
    const absl::Status failure = FailureOf(RedirectsTo(url));
    EXPECT_TRUE(absl::IsInvalidArgument(failure)) << url << ": " << failure;
  }
}

absl::Status FailureOfRequest(const HttpRequest& request,
                              HttpClientOptions options = HttpClientOptions()) {
  absl::Status failure;
  RunChecked([&]() -> Task<absl::Status> {
    HttpClient client(options);
    failure = (co_await client.Fetch(request)).status();
    co_return absl::OkStatus();
  });
  return failure;
}

TEST(HttpFaultsTest, BadUrlsAreRefused) {
  using std::string_literals::operator""s;
  for (const std::string& url :
       {""s, "nonsense"s, "http://"s, "//host/"s, "http://host:99999/"s,
        "http://host:0/"s, "http://[::1/"s, "http://a b/"s, "ftp://host/"s,
        "file:///etc/passwd"s, "http://host/a b"s, "http://ho\0st/"s,
        "http://host/\r\nX: y"s}) {
    const absl::Status failure = FailureOfRequest(HttpRequest(url));
    EXPECT_TRUE(absl::IsInvalidArgument(failure)) << url << ": " << failure;
  }
}

TEST(HttpFaultsTest, BadRequestsAreRefused) {
  const HttpRequest good("http://127.0.0.1:1/");
  for (const HttpRequest& bad : {
           HttpRequest(good).set_method("GET /x HTTP/1.1\r\n"),
           HttpRequest(good).set_method("CONNECT"),
           HttpRequest(good).set_method("HEAD").set_body("x"),
           HttpRequest(good).add_header("", "x"),
           HttpRequest(good).add_header("A: b\r\nC", "x"),
           HttpRequest(good).add_header("A", "b\r\nC: d"),
           HttpRequest(good).add_header("content-length", "3"),
           HttpRequest(good).add_header("Transfer-Encoding", "chunked"),
       }) {
    const absl::Status failure = FailureOfRequest(bad);
    EXPECT_TRUE(absl::IsInvalidArgument(failure)) << failure;
  }
  const absl::Status proxy = FailureOfRequest(
      good, HttpClientOptions().set_proxy("ftp://127.0.0.1:1"));
  EXPECT_TRUE(absl::IsInvalidArgument(proxy)) << proxy;
}

TEST(HttpFaultsTest, NobodyListens) {
  absl::Status failure;
  RunChecked([&]() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    HttpRequest request(
        absl::StrCat("http://", listener.local_address().ToString()));
    listener.Close();
    HttpClient client;
    failure = (co_await client.Fetch(request)).status();
    co_return absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsUnavailable(failure)) << failure;
  EXPECT_THAT(MessageOf(failure), HasSubstr(": connect: "));
  EXPECT_THAT(MessageOf(failure), HasSubstr("refused"));
}

TEST(HttpFaultsTest, ACertificateThatIsNotTrusted) {
  absl::Status failure;
  auto handle = [](TlsStream<TcpStream>) -> Task<> { co_return; };
  RunChecked([&]() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    HttpRequest request(
        absl::StrCat("https://", listener.local_address().ToString()));
    std::optional<TcpListener> open(std::move(listener));
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await ServeTls(*std::move(open), TestServerContext(),
                                  handle);
    };
    auto both = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      HttpClient client;
      failure = (co_await client.Fetch(request)).status();
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(both);
  });
  EXPECT_TRUE(absl::IsUnauthenticated(failure)) << failure;
  EXPECT_THAT(MessageOf(failure), HasSubstr(": TLS handshake: "));
}

TEST(HttpFaultsTest, AServerThatSpeaksNoTls) {
  absl::Status failure;
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest request(absl::StrCat("https", url.substr(4)));
    failure = (co_await client.Fetch(request)).status();
    co_return absl::OkStatus();
  };
  auto serve = [](TcpStream& stream) -> Task<absl::Status> {
    co_return co_await stream.SendAll("220 hello\r\n");
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  EXPECT_TRUE(absl::IsUnavailable(failure)) << failure;
}

TEST(HttpFaultsDeathTest, AClientThatDoesNotOutliveItsFetch) {
  auto destroy = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    auto client = std::make_unique<HttpClient>();
    auto fetch = [&]() -> Task<absl::Status> {
      HttpRequest request(
          absl::StrCat("http://", listener.local_address().ToString()));
      co_return (co_await client->Fetch(request)).status();
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(fetch);
      TcpStream stream = co_await Try(listener.Accept());
      client.reset();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_DEATH(static_cast<void>(creche::Run(destroy)),
               "HttpClient was destroyed while a Fetch.* of it was under way");
}

TEST(HttpFaultsDeathTest, NoConnectionsAtAll) {
  EXPECT_DEATH(HttpClient(HttpClientOptions().set_max_connections_per_host(0)),
               "set_max_connections_per_host\\(\\): at least 1");
}

}  // namespace
}  // namespace creche
