// SPDX-License-Identifier: Apache-2.0
//
// Servers that cut, lie and stall, in each state: each gives a Status that says
// where, when and why. They are no PostgreSQL, and need none.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/run.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

std::string Number(std::uint32_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text.push_back(static_cast<char>(number >> (8 * i)));
  }
  return text;
}

// A message of the protocol.
std::string Message(char type, absl::string_view body) {
  return absl::StrCat(absl::string_view(&type, 1),
                      Number(static_cast<std::uint32_t>(body.size() + 4), 4),
                      body);
}

std::string ReadyForQuery() { return Message('Z', "I"); }

std::string Greeting() {
  return absl::StrCat(Message('R', Number(0, 4)),
                      Message('K', Number(1, 4) + Number(2, 4)),
                      ReadyForQuery());
}

// Up to the rows, of one column.
std::string AnswerBegin() {
  const std::string column =
      absl::StrCat("a", std::string(1, '\0'), Number(0, 4), Number(0, 2),
                   Number(25, 4), Number(65535, 2), Number(0, 4), Number(0, 2));
  return absl::StrCat(Message('1', ""), Message('2', ""),
                      Message('T', Number(1, 2) + column));
}

std::string Row(int columns, std::uint32_t size, absl::string_view value) {
  return Message('D',
                 absl::StrCat(Number(static_cast<std::uint32_t>(columns), 2),
                              Number(size, 4), value));
}

// What a server sends at first and after the first query, and whether it leaves
// then, or says nothing more.
struct Script {
  std::string greeting = {};
  std::string answer = {};
  enum { kLeaves, kStalls } end = kLeaves;
};

// A request to cancel is for a connection of its own, and ends that.
bool IsCancelRequest(absl::string_view first) {
  return first.substr(0, 8) == Number(16, 4) + Number(80877102, 4);
}

Task<absl::Status> Play(const Script& script, TcpStream& stream) {
  char buffer[10000];
  const std::size_t size =
      co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
  if (IsCancelRequest({buffer, size})) co_return absl::OkStatus();
  co_await Try(stream.SendAll(script.greeting));
  if (!script.answer.empty()) {
    co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
    co_await Try(stream.SendAll(script.answer));
  }
  if (script.end == Script::kStalls) co_await SleepForever();
  co_return absl::OkStatus();
}

// What becomes of connecting and a query. `where`: host and port.
struct Outcome {
  std::optional<absl::Status> status;  // None: cancelled.
  bool is_usable = false;
  std::string where;
};

Task<absl::Status> Query(std::string conninfo, bool* is_usable) {
  PostgresConnection db =
      co_await Try(PostgresConnection::Connect(std::move(conninfo)));
  auto query = [&]() -> Task<absl::Status> {
    co_return (co_await db.Execute("SELECT a FROM t")).status();
  };
  const auto status = co_await MoveOnAfter(absl::Seconds(10), query);
  *is_usable = db.is_usable();
  co_return status.value_or(absl::DeadlineExceededError("stalls"));
}

// In virtual time: a second of waiting takes none.
Outcome OutcomeOf(const Script& script) {
  Outcome outcome;
  auto handle = [&](TcpStream stream) -> Task<> {
    (co_await Play(script, stream)).IgnoreError();
  };
  auto main = [&]() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    outcome.where = absl::StrCat("127.0.0.1:", listener.port(), ": ");
    const std::string conninfo = absl::StrCat(
        "host=127.0.0.1 user=test sslmode=disable gssencmode=disable port=",
        listener.port());
    std::optional<TcpListener> open(std::move(listener));
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await ServeTcp(*std::move(open), handle);
    };
    auto both = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      auto query = Query(conninfo, &outcome.is_usable);
      outcome.status =
          co_await MoveOnAfter(absl::Seconds(20), std::move(query));
      nursery.Cancel("the test is done");
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(both);
  };
  const std::size_t files = OpenFiles();
  MockClock clock;
  EXPECT_THAT(creche::Run({.clock = &clock}, main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
  return outcome;
}

TEST(PostgresFaultsTest, AServerThatCutsOrLiesWhileItIsConnectedTo) {
  const struct {
    std::string greeting;
    const char* phase;
    const char* reason;
  } cases[] = {
      {"", "authentication: ", "closed the connection"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "authentication: ", "received H"},
      {Message('R', Number(99, 4)), "authentication: ", "99 not supported"},
      {Message('R', Number(0, 4)).substr(0, 6), "authentication: ", "closed"},
      {Message('R', Number(0, 4)), "start of the session: ", "closed"},
      {Message('R', Number(0, 4)) + "nonsense, and much of it",
       "authentication: ", "lost synchronization"},
  };
  for (const auto& one : cases) {
    const Outcome outcome = OutcomeOf({.greeting = one.greeting});
    ASSERT_TRUE(outcome.status.has_value()) << one.greeting;
    EXPECT_TRUE(absl::IsUnavailable(*outcome.status)) << *outcome.status;
    const std::string message(outcome.status->message());
    EXPECT_THAT(message, HasSubstr(outcome.where + one.phase));
    EXPECT_THAT(message, HasSubstr(one.reason));
  }
}

TEST(PostgresFaultsTest, AServerThatStallsWhileItIsConnectedTo) {
  for (const std::string& greeting :
       {std::string(), Message('R', Number(0, 4)).substr(0, 6),
        Message('R', Number(0, 4))}) {
    const Outcome outcome =
        OutcomeOf({.greeting = greeting, .end = Script::kStalls});
    EXPECT_FALSE(outcome.status.has_value()) << *outcome.status;
  }
}

TEST(PostgresFaultsTest, AServerThatCutsOrLiesInAnAnswer) {
  for (const std::string& answer :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), Message('1', ""),
        Message('1', "").substr(0, 3), AnswerBegin(),
        // A row that is cut, has a column too many, is longer than it says, or
        // says more than there is.
        AnswerBegin() + Row(1, 9, "ninebytes").substr(0, 9),
        AnswerBegin() + Row(2, 1, "a"), AnswerBegin() + Row(1, 1, "abc"),
        AnswerBegin() + Row(1, 1000, "abc"),
        // What libpq does not know, and an end before there is an answer.
        Message('?', "what"), AnswerBegin() + Message('C', "")}) {
    const Outcome outcome =
        OutcomeOf({.greeting = Greeting(), .answer = answer});
    ASSERT_TRUE(outcome.status.has_value()) << answer;
    EXPECT_TRUE(absl::IsUnavailable(*outcome.status) ||
                IsBrokenResource(*outcome.status))
        << *outcome.status;
    EXPECT_THAT(std::string(outcome.status->message()),
                HasSubstr(outcome.where + "query: "))
        << answer;
    EXPECT_FALSE(outcome.is_usable) << *outcome.status;
  }
}

// The deadline ends the query; as the server does not, the connection is
// closed.
TEST(PostgresFaultsTest, AServerThatStallsInAnAnswer) {
  for (const std::string& answer :
       {Message('1', "").substr(0, 3), Message('1', ""), AnswerBegin(),
        AnswerBegin() + Row(1, 9, "ninebytes").substr(0, 9),
        AnswerBegin() + Row(1, 1, "a"),
        AnswerBegin() + Message('C', std::string("SELECT 0", 9))}) {
    const Outcome outcome = OutcomeOf(
        {.greeting = Greeting(), .answer = answer, .end = Script::kStalls});
    ASSERT_TRUE(outcome.status.has_value()) << answer;
    EXPECT_TRUE(absl::IsDeadlineExceeded(*outcome.status)) << *outcome.status;
    EXPECT_FALSE(outcome.is_usable);
  }
}

}  // namespace
}  // namespace creche
