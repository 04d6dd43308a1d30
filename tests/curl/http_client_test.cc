// SPDX-License-Identifier: Apache-2.0
//
// What an HttpClient asks, and what it makes of answers.

#include "creche/curl/http_client.h"

#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/curl/http_request.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/tls/serve_tls.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/curl/http_peer.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpClientTest, GivesCodeHeadersBodyAndUrl) {
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest request(url + "/page");
    const HttpResponse response = co_await Try(client.Fetch(request));
    EXPECT_EQ(response.code, 404);
    EXPECT_EQ(response.body, "nothing here");
    EXPECT_EQ(response.url, url + "/page");
    EXPECT_EQ(response.Header("x-ONE"), "1");
    EXPECT_EQ(response.Header("X-None"), std::nullopt);
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(
        Answering([](absl::string_view) {
          return Answer("nothing here", "X-One:  1 \r\n", "404 Not Found");
        }),
        fetch);
  });
}

TEST(HttpClientTest, SendsMethodHeadersAndBody) {
  std::string seen;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    seen = co_await Try(HttpHead(stream));
    std::string body(7, '\0');
    co_await Try(stream.ReceiveExactly(absl::MakeSpan(body)));
    seen += body;
    co_return co_await stream.SendAll(Answer(""));
  };
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest request(url + "/orders");
    request.set_method("PATCH").set_body("seven!!").add_header("X-A", "b");
    request.add_header("X-Empty", "");
    const HttpResponse response = co_await Try(client.Fetch(request));
    EXPECT_EQ(response.code, 200);
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  EXPECT_THAT(seen, HasSubstr("PATCH /orders HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nX-A: b\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nX-Empty:\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Content-Type")));
  EXPECT_THAT(seen, HasSubstr("\r\n\r\nseven!!"));
}

TEST(HttpClientTest, KeepsAConnection) {
  int connections = 0;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    ++connections;
    const Serve answer =
        Answering([](absl::string_view head) { return Answer(PathIn(head)); });
    co_return co_await answer(stream);
  };
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    for (int i = 0; i < 5; ++i) {
      HttpRequest request(absl::StrCat(url, "/", i));
      const HttpResponse response = co_await Try(client.Fetch(request));
      EXPECT_EQ(response.body, absl::StrCat("/", i));
    }
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  EXPECT_EQ(connections, 1);
}

// Knows one name only.
class OneName : public Resolver {
 public:
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(
      std::string host, std::uint16_t port) override {
    asked.push_back(absl::StrCat(host, ":", port));
    if (host != "known.test") co_return absl::NotFoundError("no such name");
    co_return std::vector<SocketAddress>{
        *SocketAddress::Parse("127.0.0.1", port)};
  }
  std::vector<std::string> asked;
};

TEST(HttpClientTest, AsksTheResolverForNamesAndAfterRedirects) {
  OneName names;
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client(HttpClientOptions().set_resolver(names));
    const std::string port = url.substr(url.rfind(':'));
    HttpRequest first(url + "/to?http://known.test" + port + "/end");
    const HttpResponse response = co_await Try(client.Fetch(first));
    EXPECT_EQ(response.body, "here");
    EXPECT_EQ(response.url, "http://known.test" + port + "/end");
    EXPECT_THAT(names.asked, ElementsAre("known.test" + port));
    HttpRequest second("http://unknown.test/");
    const absl::Status unknown = (co_await client.Fetch(second)).status();
    EXPECT_TRUE(absl::IsNotFound(unknown)) << unknown;
    EXPECT_THAT(std::string(unknown.message()),
                HasSubstr("unknown.test:80: resolve: no such name"));
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(
        Answering([](absl::string_view head) {
          const std::string path = PathIn(head);
          if (!absl::StartsWith(path, "/to?")) return Answer("here");
          return Answer("", absl::StrCat("Location: ", path.substr(4), "\r\n"),
                        "302 Found");
        }),
        fetch);
  });
}

// "Authorization" is for the origin that it was given for.
TEST(HttpClientTest, ARedirectToAnotherOriginLosesSecretsAndAPostItsBody) {
  OneName names;
  std::string seen;
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client(HttpClientOptions().set_resolver(names));
    HttpRequest request(url + "/first");
    request.set_body("secret").add_header("Authorization", "Basic abc");
    request.add_header("X-Kept", "1");
    const HttpResponse response = co_await Try(client.Fetch(request));
    EXPECT_EQ(response.body, "end");
    co_return absl::OkStatus();
  };
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    seen = co_await Try(HttpHead(stream));
    if (PathIn(seen) == "/end")
      co_return co_await stream.SendAll(Answer("end"));
    EXPECT_THAT(seen, HasSubstr("Authorization: Basic abc"));
    const std::string to = absl::StrCat(
        "Location: http://known.test:", stream.local_address()->port(),
        "/end\r\nConnection: close\r\n");
    co_return co_await stream.SendAll(Answer("", to, "302 Found"));
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  EXPECT_THAT(seen, HasSubstr("GET /end"));
  EXPECT_THAT(seen, HasSubstr("X-Kept: 1"));
  EXPECT_THAT(seen, Not(HasSubstr("Authorization")));
}

TEST(HttpClientTest, ASinkGetsTheBodyAndItsErrorEndsTheFetch) {
  const std::string body(1000000, 'x');
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    HttpClient client;
    HttpRequest request(url);
    std::size_t size = 0;
    auto count = [&](absl::string_view piece) -> Task<absl::Status> {
      size += piece.size();
      co_return absl::OkStatus();
    };
    const HttpResponse response =
        co_await Try(client.FetchStream(request, count));
    EXPECT_EQ(size, body.size());
    EXPECT_EQ(response.body, "");
    auto refuse = [&](absl::string_view) -> Task<absl::Status> {
      co_return absl::DataLossError("disk full");
    };
    const absl::Status refused =
        (co_await client.FetchStream(request, refuse)).status();
    EXPECT_EQ(refused, absl::DataLossError("disk full"));
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(
        Answering([&](absl::string_view) { return Answer(body); }), fetch);
  });
}

TEST(HttpClientTest, UndoesCompressionAndBoundsWhatComesOfIt) {
  // "hello hello hello\n", by gzip.
  static constexpr char kZipped[] =
      "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\127\310\100"
      "\220\134\000\073\174\212\337\022\000\000\000";
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpRequest request(url);
    HttpClient client(HttpClientOptions().set_max_body(18));
    const HttpResponse response = co_await Try(client.Fetch(request));
    EXPECT_EQ(response.body, "hello hello hello\n");
    HttpClient bounded(HttpClientOptions().set_max_body(17));
    const absl::Status failure = (co_await bounded.Fetch(request)).status();
    EXPECT_TRUE(absl::IsResourceExhausted(failure)) << failure;
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(
        Answering([](absl::string_view head) {
          EXPECT_THAT(std::string(head), HasSubstr("Accept-Encoding: "));
          return Answer(absl::string_view(kZipped, sizeof(kZipped) - 1),
                        "Content-Encoding: gzip\r\n");
        }),
        fetch);
  });
}

TEST(HttpClientTest, TrustsTheFileThatItIsGiven) {
  const TestCertificates certificates;
  const TestCertificate server = certificates.Good("127.0.0.1");
  const std::string trusted = ::testing::TempDir() + "/trusted.pem";
  std::ofstream(trusted) << certificates.trusted_pem();
  const TlsContext context =
      TlsContext::ForServers(
          TlsServerOptions().set_certificate_pem(server.chain, server.key))
          .value();
  auto handle = [](TlsStream<TcpStream> stream) -> Task<> {
    char buffer[1000];
    static_cast<void>(co_await stream.ReceiveSome(absl::MakeSpan(buffer)));
    (co_await stream.SendAll(Answer("safe"))).IgnoreError();
  };
  RunChecked([&]() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    HttpRequest request(
        absl::StrCat("https://", listener.local_address().ToString()));
    std::optional<TcpListener> open(std::move(listener));
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await ServeTls(*std::move(open), context, handle);
    };
    auto both = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      HttpClient client(HttpClientOptions().set_trusted_file(trusted));
      const HttpResponse response = co_await Try(client.Fetch(request));
      EXPECT_EQ(response.body, "safe");
      nursery.Cancel("the test is done");
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(both);
  });
}

}  // namespace
}  // namespace creche
