// SPDX-License-Identifier: Apache-2.0
//
// TcpStream::Release(): an idle stream moves to another object, or another run;
// one that is not idle aborts, for whoever has the descriptor next would miss
// something.

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/received_block.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

constexpr char kRule[] = "only an idle stream can move";

TEST(ReleaseTest, AnIdleStreamGoesOnUnderItsDescriptor) {
  auto main = []() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    char buffer[5];
    co_await Try(pair.client.SendAll("first"));
    co_await Try(pair.server.ReceiveExactly(buffer));
    const int number = pair.server.fd();
    const int fd = pair.server.Release();
    EXPECT_EQ(fd, number);
    EXPECT_EQ(pair.server.fd(), -1);
    EXPECT_EQ(pair.server.Release(), -1);
    // Not closed with the stream that had it.
    pair.server = std::move(pair.client);
    EXPECT_GE(fcntl(fd, F_GETFD), 0);
    TcpStream again = co_await Try(TcpStream::FromDescriptor(fd));
    co_await Try(pair.server.SendAll("other"));
    co_return co_await again.ReceiveExactly(buffer);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ReleaseTest, AStreamThatIsClosedOrMovedFromHasNone) {
  auto main = []() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    const TcpStream moved_to = std::move(pair.client);
    EXPECT_EQ(pair.client.Release(), -1);  // NOLINT(bugprone-use-after-move)
    pair.server.Close();
    EXPECT_EQ(pair.server.Release(), -1);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// What the peer had no room for was not sent, and nothing is under way any
// more: the stream can move. (Who has it next must know that a message was cut
// off.)
TEST(ReleaseTest, AfterASendThatWasCancelled) {
  auto main = []() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    const std::string much(size_t{16} << 20, 'x');
    auto sending = [&]() -> Task<absl::Status> {
      co_return co_await pair.client.SendAll(much);
    };
    auto sent = co_await MoveOnAfter(absl::Milliseconds(1), sending);
    EXPECT_FALSE(sent.has_value());
    const int fd = pair.client.Release();
    EXPECT_EQ(close(fd), 0);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

using ReleaseDeathTest = ::testing::Test;

// In a task beside `work`, which uses the stream.
template <typename Work>
void ReleaseBeside(Work work, bool cancels_it_first) {
  auto main = [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> { co_await work(pair.client); });
      co_await WaitAllTasksBlocked();
      if (cancels_it_first) nursery.Cancel();
      pair.client.Release();
    };
    (void)co_await WithNursery(body);
  };
  (void)RunToTest(main);
}

Task<> ReceiveOne(TcpStream& stream) {
  char byte = 0;
  (co_await stream.ReceiveExactly(absl::MakeSpan(&byte, 1))).IgnoreError();
}

Task<> SendMuch(TcpStream& stream) {
  const std::string much(size_t{16} << 20, 'x');
  (co_await stream.SendAll(much)).IgnoreError();
}

TEST(ReleaseDeathTest, UnderAReceiver) {
  EXPECT_DEATH(ReleaseBeside(ReceiveOne, /*cancels_it_first=*/false), kRule);
}

TEST(ReleaseDeathTest, UnderASender) {
  EXPECT_DEATH(ReleaseBeside(SendMuch, /*cancels_it_first=*/false), kRule);
}

// The kernel has not said yet that it has ended.
TEST(ReleaseDeathTest, UnderASenderThatIsBeingCancelled) {
  EXPECT_DEATH(ReleaseBeside(SendMuch, /*cancels_it_first=*/true), kRule);
}

// `receive` of four bytes, of which two have come, is cancelled.
template <typename Receive>
void ReleaseAfter(Receive receive) {
  auto main = [&]() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    co_await Try(pair.server.SendAll("ab"));
    co_await receive(pair.client);
    pair.client.Release();
    co_return absl::OkStatus();
  };
  (void)RunToTest(main);
}

TEST(ReleaseDeathTest, WithWhatACancelledReceiverHadGot) {
  auto receive = [](TcpStream& stream) -> Task<> {
    auto receiving = [&]() -> Task<> {
      char buffer[4];
      (co_await stream.ReceiveExactly(buffer)).IgnoreError();
    };
    (void)co_await MoveOnAfter(absl::Milliseconds(1), receiving);
  };
  EXPECT_DEATH(ReleaseAfter(receive), kRule);
}

// Where the kernel can do that.
TEST(ReleaseDeathTest, OfAStreamThatReceivesAhead) {
  bool receives_ahead = false;
  auto look = [&]() -> Task<> {
    receives_ahead = OperationPort::Current().features().multishot_receive;
    co_return;
  };
  EXPECT_THAT(RunToTest(look), IsOk());
  if (!receives_ahead) GTEST_SKIP();
  auto receive = [](TcpStream& stream) -> Task<> {
    (co_await stream.Receive()).status().IgnoreError();
  };
  EXPECT_DEATH(ReleaseAfter(receive), kRule);
}

}  // namespace
}  // namespace creche
