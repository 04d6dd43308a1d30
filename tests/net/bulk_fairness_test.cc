// SPDX-License-Identifier: Apache-2.0
//
// Streams that carry much: what a task transfers in its own step has an end.

#include <liburing.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/counting_port.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

constexpr size_t kMessage = size_t{64} << 10;

// One that could send for ever lets others have their turn.
TEST(BulkFairnessTest, SendingMuchDoesNotStarveOthers) {
  const absl::Status status = RunToTest([]() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    int turns = 0;
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<> {
        for (;;) {
          co_await Checkpoint();
          ++turns;
        }
      });
      std::vector<char> buffer(kMessage);
      const std::string message(kMessage, 'x');
      for (int i = 0; i < 200; ++i) {
        co_await Try(pair.client.SendAll(message));
        // In the same step.
        recv(pair.server.fd(), buffer.data(), kMessage, MSG_WAITALL);
      }
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_await Try(co_await WithNursery(body));
    EXPECT_GE(turns, 200 / 10);
    co_return absl::OkStatus();
  });
  EXPECT_THAT(status, IsOk());
}

// A message may come in so many parts that receiving them all takes long.
TEST(BulkFairnessTest, ReceivesOnlyAFewPartsInOneStep) {
  CountingPort port;
  RunOptions options;
  options.port = &port;
  const absl::Status status =
      creche::Run(std::move(options), [&]() -> Task<absl::Status> {
        TcpPair pair = co_await MakeTcpPair();
        const std::string message(kMessage, 'x');
        std::string received(kMessage, '\0');
        co_await Try(pair.client.SendAll(message));
        co_await Try(pair.server.ReceiveExactly(absl::MakeSpan(received)));
        co_await Try(pair.client.SendAll(message));
        port.set_longest_at_once(1000);
        const int before = port.completed_at_once(IORING_OP_RECV);
        received.assign(kMessage, '\0');
        co_await Try(pair.server.ReceiveExactly(absl::MakeSpan(received)));
        EXPECT_EQ(received, message);
        EXPECT_EQ(port.completed_at_once(IORING_OP_RECV) - before, 4);
        co_return absl::OkStatus();
      });
  EXPECT_THAT(status, IsOk());
}

}  // namespace
}  // namespace creche
