// SPDX-License-Identifier: Apache-2.0
//
// Where the kernel has multishot operations, they are used. (That they do the
// same as others is tested with the streams and listeners.)

#include <liburing.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/tcp_listener.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/counting_port.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

constexpr int kRounds = 20;

template <typename Main>
void RunOn(CountingPort& port, Main main) {
  RunOptions options;
  options.port = &port;
  EXPECT_THAT(creche::Run(std::move(options), main), IsOk());
}

TEST(MultishotTest, AListenerAsksOnce) {
  CountingPort port;
  bool has_it = false;
  RunOn(port, [&]() -> Task<> {
    has_it = port.features().multishot_accept;
    TcpListener listener =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
    for (int i = 0; i < kRounds; ++i) {
      auto connect = ConnectTcp(listener.local_address());
      const absl::StatusOr<TcpStream> client = co_await std::move(connect);
      EXPECT_THAT(co_await listener.Accept(), IsOk());
    }
  });
  if (!has_it) GTEST_SKIP() << "this kernel has no multishot accept";
  EXPECT_EQ(port.started(IORING_OP_ACCEPT), 1);
}

// A receive that is cancelled costs nothing: the kernel goes on.
TEST(MultishotTest, AStreamAsksOnceAcrossDeadlines) {
  CountingPort port;
  bool has_it = false;
  int cancelled = 0;
  RunOn(port, [&]() -> Task<> {
    has_it = port.features().multishot_receive;
    TcpPair pair = co_await MakeTcpPair();
    const int before = port.cancelled();
    for (int i = 0; i < kRounds; ++i) {
      co_await MoveOnAfter(absl::ZeroDuration(), pair.server.Receive());
      co_await MoveOnAfter(absl::Microseconds(1), pair.server.Receive());
      (co_await pair.client.SendAll("x")).IgnoreError();
      EXPECT_EQ((co_await pair.server.Receive())->view(), "x");
    }
    cancelled = port.cancelled() - before;
  });
  if (!has_it) GTEST_SKIP() << "this kernel has no multishot receive";
  EXPECT_EQ(port.started(IORING_OP_RECV), 1);
  EXPECT_EQ(cancelled, 0);
}

TEST(MultishotTest, AReceiveIntoABufferEndsIt) {
  CountingPort port;
  RunOn(port, [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    for (int i = 0; i < kRounds; ++i) {
      co_await MoveOnAfter(absl::Microseconds(1), pair.server.Receive());
      (co_await pair.client.SendAll("xy")).IgnoreError();
      EXPECT_EQ((co_await pair.server.Receive())->view(), "xy");
      (co_await pair.client.SendAll("xy")).IgnoreError();
      char buffer[2];
      EXPECT_THAT(co_await pair.server.ReceiveExactly(buffer), IsOk());
    }
  });
}

// Whether it is the task or the stream that goes first.
TEST(MultishotTest, AReceiveIsCancelledInTheKernelOnce) {
  for (const bool close_first : {false, true}) {
    CountingPort port;
    int cancelled = 0;
    RunOn(port, [&]() -> Task<> {
      TcpPair pair = co_await MakeTcpPair();
      const int before = port.cancelled();
      auto body = [&](Nursery& nursery) -> Task<> {
        char buffer[2];
        auto receive = [&]() -> Task<> {
          (void)co_await pair.server.ReceiveSome(absl::MakeSpan(buffer));
        };
        nursery.StartSoon(receive);
        for (int i = 0; i < 3; ++i) co_await Checkpoint();
        if (close_first) pair.server.Close();
        nursery.Cancel();
        if (!close_first) pair.server.Close();
      };
      EXPECT_THAT(co_await WithNursery(body), IsOk());
      cancelled = port.cancelled() - before;
    });
    EXPECT_EQ(cancelled, 1) << "close_first: " << close_first;
  }
}

TEST(MultishotTest, CanBeTurnedOff) {
  creche::internal::UringPort port(8, UringFeatures::None());
  RunOptions options;
  options.port = &port;
  auto main = [&]() -> Task<> {
    EXPECT_FALSE(port.features().multishot_accept);
    EXPECT_FALSE(port.features().multishot_receive);
    EXPECT_FALSE(port.features().poll_first);
    EXPECT_EQ(port.blocks(), nullptr);
    co_return;
  };
  EXPECT_THAT(creche::Run(std::move(options), main), IsOk());
}

}  // namespace
}  // namespace creche
