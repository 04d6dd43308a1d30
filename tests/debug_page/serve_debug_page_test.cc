// SPDX-License-Identifier: Apache-2.0

#include "creche/debug_page/serve_debug_page.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/debug/task_tree.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/debug_page/debug_page_client.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ServeDebugPageTest, ThePageNeedsNothingFromElsewhere) {
  const std::string page = AnswerTo({Get("/")});
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(page, HasSubstr("Content-Type: text/html"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(page, AllOf(HasSubstr("<!DOCTYPE html>"), EndsWith("</html>\n")));
  EXPECT_THAT(page, Not(ContainsRegex("https?:|src=|href=\"[^d]|@import")));
}

TEST(ServeDebugPageTest, StateIsTheTree) {
  auto sleep = []() -> Task<> {
    co_await MoveOnAfter(absl::Hours(1), SleepFor(absl::Hours(2)));
  };
  const std::string state = AnswerBeside(
      [&](Nursery& nursery) {
        nursery.StartSoon(Named("sleeper \"\\\n\xFF</script>", sleep));
      },
      Get("/state.json"));
  EXPECT_THAT(state, HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(state,
              HasSubstr("\"name\":\"main\",\"state\":\"waiting\","
                        "\"waits_for\":\"ReceiveSome\",\"at\":[{\"file\":"));
  EXPECT_THAT(state, HasSubstr("serve_debug_page_test.cc\",\"line\":"));
  EXPECT_THAT(
      state,
      HasSubstr("\"name\":\"sleeper \\\"\\\\\\u000a\xEF\xBF\xBD</script>\""));
  EXPECT_THAT(state, HasSubstr("\"kind\":\"scope\",\"deadline_in\":3599."));
  EXPECT_THAT(state, HasSubstr("\"kind\":\"nursery\",\"deadline_in\":null"));
  EXPECT_THAT(state, HasSubstr("\"state\":\"running\",\"waits_for\":null"));
}

TEST(ServeDebugPageTest, StateIsBounded) {
  auto crowd = [](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 1000; ++i) {
      nursery.StartSoon([]() -> Task<> { co_await SleepForever(); });
    }
    co_return;
  };
  const std::string state = AnswerBeside(
      [&](Nursery& nursery) {
        for (int i = 0; i < 20; ++i) {
          nursery.StartSoon(
              [&]() -> Task<> { (void)co_await WithNursery(crowd); });
        }
      },
      Get("/state.json"));
  EXPECT_THAT(state,
              HasSubstr("{\"depth\":6,\"kind\":\"more\",\"tasks\":800}"));
  EXPECT_THAT(state,
              EndsWith("{\"depth\":0,\"kind\":\"more\",\"tasks\":0}\n]}\n"));
  EXPECT_LT(state.size(), size_t{1} << 20);
}

TEST(ServeDebugPageTest, MeasuresWhileSomebodyLooks) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    auto state = [&]() -> Task<absl::StatusOr<std::string>> {
      auto asking = Ask(port, Get("/state.json"));
      co_return co_await std::move(asking);
    };
    const std::string first = co_await Try(state());
    EXPECT_THAT(first, HasSubstr("\"measured_for\":0,"));
    EXPECT_THAT(first, HasSubstr("\"steps\":{\"count\":0,"));
    co_await SleepFor(absl::Seconds(9));
    const std::string second = co_await Try(state());
    EXPECT_THAT(second, HasSubstr("\"measured_for\":9."));
    EXPECT_THAT(second, HasSubstr("\"queue_delays\":{\"count\":"));
    EXPECT_THAT(second, Not(HasSubstr("\"count\":0,")));
    EXPECT_THAT(TaskTree(), HasSubstr("measures while somebody looks"));
    // Nobody looks.
    co_await SleepFor(absl::Seconds(11));
    EXPECT_THAT(TaskTree(), Not(HasSubstr("measures while somebody looks")));
    const std::string third = co_await Try(state());
    EXPECT_THAT(third, HasSubstr("\"measured_for\":0,"));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST(ServeDebugPageTest, AHeadIsAnswerWithoutItsBody) {
  const std::string answer =
      AnswerTo({"HEAD / HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n"});
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\n")));
}

TEST(ServeDebugPageTest, RefusesWhatIsNoRequestForIt) {
  EXPECT_THAT(AnswerTo({Get("/nothing")}), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(AnswerTo({"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"}),
              StartsWith("HTTP/1.1 405"));
  for (const char* garbage :
       {"\r\n\r\n", "\x16\x03\x01\r\n\r\n", "GET /\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"}) {
    EXPECT_THAT(AnswerTo({garbage}), StartsWith("HTTP/1.1 400")) << garbage;
  }
}

// By such a name a hostile page could read what is here (DNS rebinding).
TEST(ServeDebugPageTest, RefusesTheNamesOfOthers) {
  for (const char* host :
       {"evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1",
        "127.0.0.1.evil.example", "[::2]:80", "", ":80", "[", "]:1"}) {
    EXPECT_THAT(AnswerTo({Get("/state.json", host)}),
                StartsWith("HTTP/1.1 421"))
        << host;
  }
  for (const char* host : {"LocalHost:1", "127.0.0.1:80", "127.8.9.1", "[::1]",
                           "[::1]:80", "[::ffff:127.0.0.1]"}) {
    EXPECT_THAT(AnswerTo({Get("/state.json", host)}),
                StartsWith("HTTP/1.1 200"))
        << host;
  }
}

TEST(ServeDebugPageTest, LetsHostileClientsGo) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const absl::Time start = Now();
    std::vector<TcpStream> silent;
    for (int i = 0; i < 40; ++i) {
      auto connecting = ConnectTcp("127.0.0.1", port);
      silent.push_back(co_await Try(std::move(connecting)));
    }
    // They are let go 16 at a time, 10 s each.
    auto asking = Ask(port, Get("/nothing"));
    EXPECT_THAT(co_await Try(std::move(asking)), StartsWith("HTTP/1.1 404"));
    EXPECT_LT(Now() - start, absl::Seconds(22));
    EXPECT_GT(Now() - start, absl::Seconds(19));
    // Too much.
    auto sending = Ask(port, std::string(20000, 'x'));
    EXPECT_THAT(co_await Try(std::move(sending)), StartsWith("HTTP/1.1 431"));
    // Reads nothing.
    TcpStream reader = co_await Try(ConnectTcp("127.0.0.1", port));
    const std::string request = Get("/");
    co_await Try(reader.SendAll(request));
    co_await SleepFor(absl::Seconds(11));
    auto receiving = ReceiveAll(reader);
    EXPECT_LT((co_await std::move(receiving)).size(), 5000u);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunWith(talk, 2000), IsOk());
}

TEST(ServeDebugPageTest, RefusesAListenerThatOthersCanReach) {
  auto main = []() -> Task<> {
    auto listening = ListenTcp("0.0.0.0", 0);
    absl::StatusOr<TcpListener> listener = co_await std::move(listening);
    CO_ASSERT_OK(listener.status());
    auto serving = ServeDebugPage(*std::move(listener));
    EXPECT_THAT(co_await std::move(serving),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("other machines may reach 0.0.0.0:")));
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ServeDebugPageTest, ServesAnyAddressIfThatIsAskedFor) {
  auto main = []() -> Task<absl::Status> {
    auto listening = ListenTcp("0.0.0.0", 0);
    TcpListener listener = co_await Try(std::move(listening));
    const std::uint16_t port = listener.port();
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(DangerouslyServeDebugPage, std::move(listener),
                        std::vector<std::string>{"build7.example"});
      for (const char* host :
           {"10.1.2.3:6060", "build7.example", "localhost"}) {
        auto asking = Ask(port, Get("/", host));
        EXPECT_THAT(co_await Try(std::move(asking)),
                    StartsWith("HTTP/1.1 200"));
      }
      auto asking = Ask(port, Get("/", "evil.example"));
      EXPECT_THAT(co_await Try(std::move(asking)), StartsWith("HTTP/1.1 421"));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

Task<absl::Status> Look(std::uint16_t port) {
  auto asking = Ask(port, Get("/state.json"));
  co_return (co_await std::move(asking)).status();
}

// A look, and a recording that somebody breaks off.
Task<absl::Status> LookAndRecord(std::uint16_t port) {
  co_await Try(Look(port));
  auto recording = MoveOnAfter(absl::Seconds(3), Ask(port, Get("/trace.json")));
  (void)co_await std::move(recording);
  co_return absl::OkStatus();
}

TEST(ServeDebugPageTest, CanBeCancelledEverywhere) {
  SimulatedNetwork network;
  auto body = []() -> Task<absl::Status> {
    auto serving = ServeWhile(LookAndRecord);
    co_return co_await std::move(serving);
  };
  CancelEverywhere(body, [] {},
                   {.port = &network.port(), .clock = &network.clock()});
}

TEST(ServeDebugPageTest, SurvivesWhateverTheKernelRefuses) {
  auto body = []() -> Task<absl::Status> {
    auto serving = ServeWhile(Look);
    auto limited = MoveOnAfter(absl::Minutes(1), std::move(serving));
    (void)co_await std::move(limited);
    co_return absl::OkStatus();
  };
  FailEverywhere(body);
}

}  // namespace
}  // namespace creche
