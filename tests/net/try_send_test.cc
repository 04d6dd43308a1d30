// SPDX-License-Identifier: Apache-2.0
//
// TrySend() of sockets, of what wraps them, and of those that are simulated.

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/io/byte_stream.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/run.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/run_checked.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

static_assert(HasTrySend<TcpStream>);
static_assert(HasTrySend<UnixStream>);
static_assert(HasTrySend<AnyStream>);
static_assert(HasTrySend<MemoryStream>);

const std::string& Much() {
  static const auto* const much = new std::string(std::size_t{20} << 20, 'x');
  return *much;
}

template <typename Stream>
Task<absl::StatusOr<std::string>> Receive(Stream& stream, std::size_t size) {
  std::string received(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const std::size_t part = co_await Try(
        stream.ReceiveSome(absl::MakeSpan(&received[done], size - done)));
    if (part == 0) co_return EndOfStreamError("Receive");
    done += part;
  }
  co_return received;
}

TEST(TrySendTest, SendsAtOnce) {
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    EXPECT_EQ(pair.client.TrySend("hello"), 5U);
    EXPECT_EQ(co_await Try(Receive(pair.server, 5)), "hello");
    co_return absl::OkStatus();
  };
  RunChecked(body);
}

// What it says is what has gone: the rest goes by SendAll().
TEST(TrySendTest, SendsAPartAndThenNothing) {
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    std::size_t sent = 0;
    while (const std::size_t part = pair.client.TrySend(Much())) sent += part;
    EXPECT_GT(sent, 0U);
    EXPECT_EQ(pair.client.TrySend("x"), 0U);
    const std::string received = co_await Try(Receive(pair.server, sent));
    EXPECT_EQ(received, std::string(sent, 'x'));
    co_await Try(pair.client.SendAll("the rest"));
    EXPECT_EQ(co_await Try(Receive(pair.server, 8)), "the rest");
    co_return absl::OkStatus();
  };
  RunChecked(body);
}

TEST(TrySendTest, SendsNothingInTheMiddleOfASend) {
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    auto send = [&]() -> Task<absl::Status> {
      co_return co_await pair.client.SendAll(Much());
    };
    auto receive = [&]() -> Task<absl::Status> {
      EXPECT_EQ(co_await Try(Receive(pair.server, 1)), "x");
      EXPECT_EQ(pair.client.TrySend("y"), 0U);
      const std::size_t left = Much().size() - 1;
      EXPECT_EQ(co_await Try(Receive(pair.server, left)),
                std::string(left, 'x'));
      co_return absl::OkStatus();
    };
    co_await Try(WhenAll(send, receive));
    co_return absl::OkStatus();
  };
  RunChecked(body);
}

TEST(TrySendTest, SendsNothingAfterAnEnd) {
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    co_await Try(pair.client.SendEof());
    EXPECT_EQ(pair.client.TrySend("x"), 0U);
    pair.server.Close();
    EXPECT_EQ(pair.server.TrySend("x"), 0U);
    const TcpStream moved = std::move(pair.client);
    EXPECT_EQ(pair.client.TrySend("x"), 0U);  // NOLINT: that is the subject.
    co_return absl::OkStatus();
  };
  RunChecked(body);
}

TEST(TrySendTest, SendsNothingAfterASendThatWasCutShort) {
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    const std::optional<absl::Status> sent = co_await MoveOnAfter(
        absl::Milliseconds(10), pair.client.SendAll(Much()));
    EXPECT_FALSE(sent.has_value());
    EXPECT_NE(co_await Try(Receive(pair.server, 1 << 20)), "");
    EXPECT_EQ(pair.client.TrySend("x"), 0U);
    co_return absl::OkStatus();
  };
  RunChecked(body);
}

// The kernel tells an error once. If TrySend() is told, the operations know it.
TEST(TrySendTest, KeepsTheErrorThatItIsTold) {
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    const linger at_once = {1, 0};
    setsockopt(pair.server.fd(), SOL_SOCKET, SO_LINGER, &at_once,
               sizeof(at_once));
    pair.server.Close();
    EXPECT_EQ(pair.client.TrySend("x"), 0U);
    char buffer[8];
    for (int i = 0; i < 2; ++i) {
      const absl::Status received =
          (co_await pair.client.ReceiveSome(absl::MakeSpan(buffer))).status();
      EXPECT_TRUE(IsBrokenResource(received)) << received;
    }
    EXPECT_TRUE(IsBrokenResource(co_await pair.client.SendAll("x")));
    EXPECT_EQ(pair.client.TrySend("x"), 0U);
    co_return absl::OkStatus();
  };
  RunChecked(body);
}

TEST(TrySendTest, WorksAfterItsRun) {
  std::optional<TcpPair> kept;
  auto make = [&]() -> Task<absl::Status> {
    kept.emplace(co_await MakeTcpPair());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(make), IsOk());
  EXPECT_EQ(kept->client.TrySend("hello"), 5U);
}

// Sends nothing without waiting.
class OnlySendAll {
 public:
  explicit OnlySendAll(MemoryStream stream) : stream_(std::move(stream)) {}
  CRECHE_CORO_WRAPPER auto ReceiveSome(absl::Span<char> buffer) {
    return stream_.ReceiveSome(buffer);
  }
  CRECHE_CORO_WRAPPER auto SendAll(absl::string_view data) {
    return stream_.SendAll(data);
  }
  CRECHE_CORO_WRAPPER auto SendEof() { return stream_.SendEof(); }
  void Close() { stream_.Close(); }

 private:
  MemoryStream stream_;
};
static_assert(ByteStream<OnlySendAll>);
static_assert(!HasTrySend<OnlySendAll>);

TEST(TrySendTest, AnyStreamDoesWhatTheStreamInItDoes) {
  auto [first, second] = MemoryStreamPair();
  AnyStream can(std::move(first));
  EXPECT_EQ(can.TrySend("abc"), 3U);
  EXPECT_EQ(second.unread(), 3U);
  AnyStream cannot((OnlySendAll(std::move(second))));
  EXPECT_EQ(cannot.TrySend("abc"), 0U);
  const AnyStream moved = std::move(can);
  EXPECT_EQ(can.TrySend("abc"), 0U);  // NOLINT: that is the subject.
}

TEST(TrySendTest, IsSimulated) {
  SimulatedNetwork network({.window = 1000});
  auto body = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    EXPECT_EQ(pair.client.TrySend(std::string(1500, 'x')), 1000U);
    EXPECT_EQ(pair.client.TrySend("x"), 0U);
    EXPECT_EQ(co_await Try(Receive(pair.server, 1000)), std::string(1000, 'x'));
    EXPECT_EQ(pair.client.TrySend("x"), 1U);
    co_await Try(pair.client.SendAll("y"));
    EXPECT_EQ(co_await Try(Receive(pair.server, 2)), "xy");
    co_return absl::OkStatus();
  };
  EXPECT_THAT(
      creche::Run({.clock = &network.clock(), .port = &network.port()}, body),
      IsOk());
}

}  // namespace
}  // namespace creche
