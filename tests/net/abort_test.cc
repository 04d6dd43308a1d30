// SPDX-License-Identifier: Apache-2.0
//
// TcpStream::Abort(): the peer must not take it for an end.

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/sync/event.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

// On a real network and on a simulated one.
void RunOnBoth(Task<absl::Status> (*main)()) {
  EXPECT_THAT(RunToTest(main), IsOk()) << "real";
  SimulatedNetwork network;
  RunOptions options;
  options.clock = &network.clock();
  options.port = &network.port();
  EXPECT_THAT(creche::Run(std::move(options), main), IsOk()) << "simulated";
}

Task<absl::Status> AbortsWhileThePeerReceives() {
  TcpPair pair = co_await MakeTcpPair();
  Event half_received;
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      co_await Try(pair.server.SendAll("half of a mess"));
      co_await half_received.Wait();
      co_await WaitAllTasksBlocked();
      pair.server.Abort();
      EXPECT_EQ(pair.server.fd(), -1);
      co_return absl::OkStatus();
    });
    char buffer[14];
    co_await Try(pair.client.ReceiveExactly(buffer));
    half_received.Set();
    const absl::StatusOr<size_t> size =
        co_await pair.client.ReceiveSome(buffer);
    EXPECT_TRUE(IsBrokenResource(size.status())) << size.status();
    const absl::Status sent = co_await pair.client.SendAll("x");
    EXPECT_TRUE(IsBrokenResource(sent)) << sent;
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

TEST(AbortTest, BreaksThePeersConnection) {
  RunOnBoth(AbortsWhileThePeerReceives);
}

// What was said before does not matter: a reset follows an end, too.
Task<absl::Status> AbortsAfterSendEof() {
  TcpPair pair = co_await MakeTcpPair();
  co_await Try(pair.server.SendEof());
  char buffer[1];
  const size_t end = co_await Try(pair.client.ReceiveSome(buffer));
  EXPECT_EQ(end, 0U);
  pair.server.Abort();
  absl::Status sent;
  while (sent.ok()) {
    co_await SleepFor(absl::Milliseconds(1));  // A simulated one takes time.
    sent = co_await pair.client.SendAll("x");
  }
  EXPECT_TRUE(IsBrokenResource(sent)) << sent;
  co_return absl::OkStatus();
}

TEST(AbortTest, AfterSendEof) { RunOnBoth(AbortsAfterSendEof); }

// The tasks of this side learn that this side did it.
Task<absl::Status> AbortsUnderItsOwnTasks() {
  TcpPair pair = co_await MakeTcpPair();
  absl::Status received;
  absl::Status sent;
  const std::string much(size_t{16} << 20, 'x');
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<> {
      char buffer[1];
      received = (co_await pair.server.ReceiveSome(buffer)).status();
    });
    nursery.StartSoon(
        [&]() -> Task<> { sent = co_await pair.server.SendAll(much); });
    co_await WaitAllTasksBlocked();
    pair.server.Abort();
    pair.server.Abort();
  };
  co_await Try(WithNursery(body));
  EXPECT_TRUE(IsClosedResource(received)) << received;
  EXPECT_TRUE(IsClosedResource(sent)) << sent;
  co_return absl::OkStatus();
}

TEST(AbortTest, ClosesForItsOwnTasks) { RunOnBoth(AbortsUnderItsOwnTasks); }

Task<absl::Status> ClosesAndAborts() {
  TcpPair pair = co_await MakeTcpPair();
  co_await Try(pair.server.SendAll("whole"));
  pair.server.Close();
  pair.server.Abort();
  char buffer[5];
  co_await Try(pair.client.ReceiveExactly(buffer));
  const size_t end = co_await Try(pair.client.ReceiveSome(buffer));
  EXPECT_EQ(end, 0U);
  co_return absl::OkStatus();
}

TEST(AbortTest, OfAClosedStreamDoesNothing) { RunOnBoth(ClosesAndAborts); }

TEST(AbortTest, SurvivesEverything) {
  CancelEverywhere(AbortsUnderItsOwnTasks);
  FailEverywhere([]() -> Task<absl::Status> {
    TcpListener listener =
        co_await Try(ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)));
    TcpStream client = co_await Try(ConnectTcp(listener.local_address()));
    TcpStream server = co_await Try(listener.Accept());
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        char buffer[1];
        (co_await server.ReceiveSome(buffer)).status().IgnoreError();
      });
      co_await WaitAllTasksBlocked();
      server.Abort();
    };
    co_return co_await WithNursery(body);
  });
}

}  // namespace
}  // namespace creche
