// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/fail_everywhere.h"

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

Task<absl::Status> ReadZeros() {
  const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  struct CloseAtExit {
    int fd;
    ~CloseAtExit() { close(fd); }
  } close_at_exit{fd};
  char buffer[8];
  auto read = [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, fd, buffer, sizeof(buffer), 0);
  };
  const int result = co_await Uring(read);
  if (result < 0) co_return absl::ErrnoToStatus(-result, "read");
  co_return absl::OkStatus();
}

TEST(FailEverywhereTest, StrikesEachOperationInEachWay) {
  int checks = 0;
  EXPECT_EQ(FailEverywhere(ReadZeros, [&] { ++checks; }), 1);
  EXPECT_EQ(checks, 15);
}

TEST(FailEverywhereTest, FailsIfThereIsNothingToSweep) {
  auto body = []() -> Task<> { co_await Checkpoint(); };
  EXPECT_THAT(FailuresOf([&] { FailEverywhere(body); }),
              HasSubstr("nothing was tested: the body has no kernel "
                        "operations"));

  FailEverywhereOptions options;
  options.allow_no_operations = true;
  EXPECT_EQ(FailEverywhere(body, [] {}, options), 0u);
}

TEST(FailEverywhereTest, FailsIfOnlyTheFirstRunHasOperations) {
  int runs = 0;
  auto body = [&]() -> Task<> {
    if (++runs > 1) co_return;
    EXPECT_THAT(co_await ReadZeros(), IsOk());
  };
  EXPECT_THAT(FailuresOf([&] { FailEverywhere(body); }),
              HasSubstr("no run has come to a place where kernel operation 1 "
                        "fails with EIO"));
}

TEST(FailEverywhereTest, FindsADescriptorThatAnErrorLeaves) {
  auto leaky = []() -> Task<absl::Status> {
    const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char buffer[8];
    auto read = [&](io_uring_sqe& entry) {
      io_uring_prep_read(&entry, fd, buffer, sizeof(buffer), 0);
    };
    const int result = co_await Uring(read);
    if (result < 0) co_return absl::ErrnoToStatus(-result, "read");
    close(fd);
    co_return absl::OkStatus();
  };
  const int first_free = dup(0);
  close(first_free);
  const std::string failures = FailuresOf([&] { FailEverywhere(leaky); });
  for (int fd = first_free; fd < first_free + 16; ++fd) close(fd);

  EXPECT_THAT(failures, HasSubstr("kernel operation 1 fails with ENOMEM (read "
                                  "on descriptor "));
  EXPECT_THAT(failures, HasSubstr("(/dev/zero) was left open"));
}

TEST(FailEverywhereTest, TellsTheCheckOfAShortRead) {
  int shortest = 8;
  auto careless = [&]() -> Task<absl::Status> {
    const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char buffer[8];
    auto read = [&](io_uring_sqe& entry) {
      io_uring_prep_read(&entry, fd, buffer, sizeof(buffer), 0);
    };
    const int result = co_await Shield(Uring(read));
    close(fd);
    if (result > 0) shortest = std::min(shortest, result);
    co_return absl::OkStatus();
  };
  FailEverywhere(careless);

  EXPECT_EQ(shortest, 1);
}

// A server and a client of one connection, which fail as they must.
Task<absl::Status> Talk() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  auto serve = [&]() -> Task<absl::Status> {
    TcpStream stream = co_await Try(listener.Accept());
    char buffer[5];
    co_await Try(stream.ReceiveExactly(absl::MakeSpan(buffer)));
    co_await Try(stream.SendAll(absl::string_view(buffer, sizeof(buffer))));
    co_return co_await stream.SendEof();
  };
  auto ask = [&]() -> Task<absl::Status> {
    TcpStream stream = co_await Try(ConnectTcp("127.0.0.1", listener.port()));
    co_await Try(stream.SendAll("hello"));
    char buffer[5];
    size_t received = 0;
    while (received < sizeof(buffer)) {
      const size_t size = co_await Try(
          stream.ReceiveSome(absl::MakeSpan(buffer).subspan(received)));
      if (size == 0) co_return absl::DataLossError("too short an answer");
      received += size;
    }
    EXPECT_EQ(std::string(buffer, 5), "hello");
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    co_return co_await ask();
  };
  co_return co_await WithNursery(body);
}

TEST(TcpSweepTest, SurvivesTheKernel) { EXPECT_GE(FailEverywhere(Talk), 6); }

TEST(TcpSweepTest, SurvivesAFaultySimulatedNetwork) {
  SimulatedNetwork network;
  FailEverywhereOptions options;
  options.port = &network.port();
  options.clock = &network.clock();
  EXPECT_GE(FailEverywhere(Talk, [] {}, options), 6);
}

TEST(TcpSweepTest, CanBeCancelledEverywhere) {
  EXPECT_GE(CancelEverywhere(Talk), 6);
}

Task<std::pair<TcpStream, TcpStream>> Connected() {
  absl::StatusOr<TcpListener> listener = co_await ListenTcp("127.0.0.1", 0);
  absl::StatusOr<TcpStream> accepted = absl::UnknownError("");
  auto accept = [&]() -> Task<> { accepted = co_await listener->Accept(); };
  absl::StatusOr<TcpStream> connected = absl::UnknownError("");
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(accept);
    connected = co_await ConnectTcp("127.0.0.1", listener->port());
  };
  const absl::Status status = co_await WithNursery(body);
  EXPECT_THAT(status, IsOk());
  co_return std::pair<TcpStream, TcpStream>(*std::move(connected),
                                            *std::move(accepted));
}

// The kernel gives one byte at a time, and nothing is runnable in between.
CRECHE_TEST(MockClockTest, DoesNotJumpWhilePartsComeIn) {
  auto [a, b] = co_await Connected();
  auto send = [&a = a]() -> Task<> {
    for (int i = 0; i < 5; ++i) {
      EXPECT_THAT(co_await a.SendAll("x"), IsOk());
      co_await Checkpoint();
    }
  };
  char buffer[5];
  auto body = [&, &b = b](Nursery& nursery) -> Task<> {
    nursery.StartSoon(send);
    CO_ASSERT_OK(co_await FailAfter(absl::Hours(1),
                                    b.ReceiveExactly(absl::MakeSpan(buffer))));
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

TEST(TcpStreamConformanceTest, IsAByteStream) {
  CheckHalfCloseableStream(Connected);
}

}  // namespace
}  // namespace creche
