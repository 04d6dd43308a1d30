// SPDX-License-Identifier: Apache-2.0
//
// What an HttpClient uses again, for the next request, has nothing of the last
// one: libcurl's handles, and sockets in its set.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/curl/http_client.h"
#include "creche/curl/http_request.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/curl/http_peer.h"
#include "tests/support/run_checked.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A whole request: its head, and the body that it has.
Task<absl::StatusOr<std::string>> WholeRequest(TcpStream& stream) {
  std::string request = co_await Try(HttpHead(stream));
  absl::string_view end;
  if (absl::StrContains(request, "Content-Length: 4\r\n")) end = "body";
  if (absl::StrContains(request, "chunked")) end = "\r\n0\r\n\r\n";
  while (!absl::EndsWith(request, end)) {
    char c;
    co_await Try(stream.ReceiveExactly(absl::MakeSpan(&c, 1)));
    request.push_back(c);
  }
  co_return request;
}

// Of one connection; the requests are added to `seen`.
Serve Recording(std::vector<std::string>& seen) {
  return [&seen](TcpStream& stream) -> Task<absl::Status> {
    for (;;) {
      seen.push_back(co_await Try(WholeRequest(stream)));
      const bool is_head = absl::StartsWith(seen.back(), "HEAD");
      co_await Try(stream.SendAll(Answer(is_head ? "" : "fine")));
    }
  };
}

// Each sets something that the next one is not to have.
std::vector<HttpRequest> AllKinds(const std::string& url) {
  std::vector<HttpRequest> kinds;
  const std::string host(absl::StripPrefix(url, "http://"));
  kinds.emplace_back(absl::StrCat("http://name:secret@", host, "/secret"));
  kinds.emplace_back(url + "/headers").add_header("X-Mine", "1");
  kinds.emplace_back(url + "/post").set_body("body");
  kinds.emplace_back(url + "/head").set_method("HEAD");
  kinds.emplace_back(url + "/delete").set_method("DELETE");
  bool has_sent = false;
  kinds.emplace_back(url + "/put")
      .set_method("PUT")
      .set_body_source([has_sent]() mutable
                           -> Task<absl::StatusOr<std::optional<std::string>>> {
        if (std::exchange(has_sent, true)) co_return std::nullopt;
        co_return "piece";
      });
  return kinds;
}

TEST(HttpReuseTest, ARequestIsThatOfAClientWhichDidNothingBefore) {
  std::vector<std::string> seen;
  auto fetch = [&](std::string url) -> Task<absl::Status> {
    const HttpRequest plain(url + "/plain");
    HttpClient unused;
    co_await Try(unused.Fetch(plain));
    HttpClient used;
    for (const HttpRequest& request : AllKinds(url)) {
      co_await Try(used.Fetch(request));
      co_await Try(used.Fetch(plain));
    }
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(Recording(seen), fetch);
  });
  ASSERT_EQ(seen.size(), 13U);
  EXPECT_THAT(seen[1], HasSubstr("\r\nAuthorization: Basic "));
  EXPECT_THAT(seen[3], HasSubstr("\r\nX-Mine: 1\r\n"));
  EXPECT_THAT(seen[5], AllOf(HasSubstr("POST"), HasSubstr("\r\n\r\nbody")));
  EXPECT_THAT(seen[7], HasSubstr("HEAD"));
  EXPECT_THAT(seen[9], HasSubstr("DELETE"));
  EXPECT_THAT(seen[11], AllOf(HasSubstr("PUT"), HasSubstr("\r\npiece\r\n")));
  for (std::size_t i = 2; i < seen.size(); i += 2) {
    EXPECT_EQ(seen[i], seen[0]) << i;
  }
}

// libcurl asks again on another connection if a kept one has just been closed,
// but not for ever: it counts.
TEST(HttpReuseTest, AnyNumberOfKeptConnectionsMayHaveBeenClosed) {
  int connections = 0;
  auto serve = [&](TcpStream& stream) -> Task<absl::Status> {
    ++connections;
    co_await Try(HttpHead(stream));
    co_await Try(stream.SendAll(Answer("fine")));
    co_return (co_await HttpHead(stream)).status();  // And no answer.
  };
  constexpr int kFetches = 30;
  auto fetch = [](std::string url) -> Task<absl::Status> {
    HttpClient client;
    for (int i = 0; i < kFetches; ++i) {
      const HttpResponse response =
          co_await Try(client.Fetch(HttpRequest(url)));
      EXPECT_EQ(response.body, "fine");
    }
    co_return absl::OkStatus();
  };
  RunChecked([&]() -> Task<absl::Status> {
    co_return co_await WithPeer(serve, fetch);
  });
  EXPECT_EQ(connections, kFetches);
}

// Nobody waits for the connection that the server has ended, but it is in the
// set. If that stayed readable, no task could ever be waited for.
TEST(HttpReuseTest, AConnectionThatEndsUnusedKeepsNobodyBusy) {
  auto ends = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_return co_await stream.SendAll(Answer("and that is all"));
  };
  auto is_slow = [](TcpStream& stream) -> Task<absl::Status> {
    co_await Try(HttpHead(stream));
    co_await Try(FailAfter(absl::Seconds(20), WaitAllTasksBlocked()));
    co_return co_await stream.SendAll(Answer("at last"));
  };
  HttpClient client;
  auto fetch = [&](std::string first) -> Task<absl::Status> {
    co_await Try(client.Fetch(HttpRequest(first)));
    co_await WaitAllTasksBlocked();
    auto fetch_second = [&](std::string second) -> Task<absl::Status> {
      const HttpResponse response =
          co_await Try(client.Fetch(HttpRequest(second)));
      EXPECT_EQ(response.body, "at last");
      co_return absl::OkStatus();
    };
    co_return co_await WithPeer(is_slow, fetch_second);
  };
  EXPECT_THAT(RunToTest([&]() -> Task<absl::Status> {
                co_return co_await WithPeer(ends, fetch);
              }),
              IsOk());
}

}  // namespace
}  // namespace creche
