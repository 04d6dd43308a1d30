// SPDX-License-Identifier: Apache-2.0
//
// What the testing kit can do, a test each. docs/testing.md explains them.
//
//   bazel test //examples:testing_tour_test

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/expect_checkpoint.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/sequencer.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"

namespace {

creche::Task<absl::StatusOr<std::string>> Slow() {
  co_await creche::SleepFor(absl::Hours(1));
  co_return "done";
}

CRECHE_TEST(TourTest, TimeFlies) {
  const absl::Time start = creche::Now();

  auto in_time = co_await creche::FailAfter(absl::Hours(2), Slow());
  CO_ASSERT_OK(in_time);
  EXPECT_EQ(*in_time, "done");
  auto late = co_await creche::FailAfter(absl::Minutes(5), Slow());
  EXPECT_TRUE(creche::IsTimeout(late.status()));

  EXPECT_EQ(creche::Now() - start, absl::Minutes(65));
}

CRECHE_TEST(TourTest, OrderIsForced) {
  creche::Sequencer sequence;
  std::string order;
  auto child = [&]() -> creche::Task<> {
    auto turn = co_await sequence(1);
    order += "child ";
  };
  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    nursery.StartSoon(child);
    co_await creche::WaitAllTasksBlocked();
    co_await sequence(0);
    auto turn = co_await sequence(2);
    order += "body";
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));

  EXPECT_EQ(order, "child body");
}

CRECHE_TEST(TourTest, OperationsAreCheckpoints) {
  creche::Semaphore semaphore(1);
  auto permit = co_await creche::ExpectCheckpoint(semaphore.Acquire());
}

TEST(TourTest, PermitsComeBack) {
  creche::Semaphore permits(2);
  auto body = [&]() -> creche::Task<> {
    auto permit = co_await permits.Acquire();
    co_await creche::SleepFor(absl::Seconds(1));
  };
  creche::CancelEverywhere(body, [&] {
    auto first = permits.TryAcquire();
    auto second = permits.TryAcquire();
    EXPECT_TRUE(first.has_value() && second.has_value());
  });
}

TEST(TourTest, NobodyAnswers) {
  creche::SimulatedNetwork network;
  network.SetHost(*creche::SocketAddress::Parse("192.0.2.1", 0),
                  {.answer = creche::SimulatedHost::kBlackHole});
  auto call = []() -> creche::Task<absl::Status> {
    auto connect = creche::ConnectTcp("192.0.2.1", 80);
    auto stream =
        co_await creche::FailAfter(absl::Seconds(5), std::move(connect));
    co_return stream.status();
  };
  const absl::Status status =
      creche::Run({.clock = &network.clock(), .port = &network.port()}, call);
  EXPECT_TRUE(creche::IsTimeout(status));
}

TEST(TourTest, AStreamKeepsItsPromises) {
  creche::CheckHalfCloseableStream([] { return creche::MemoryStreamPair(); });
}

// A server and a client, of which the client may fail.
creche::Task<absl::Status> Greet(creche::TcpListener& listener) {
  creche::TcpStream stream = co_await creche::Try(listener.Accept());
  co_return co_await stream.SendAll("hello");
}

creche::Task<absl::StatusOr<std::string>> Visit(std::uint16_t port) {
  creche::TcpStream stream =
      co_await creche::Try(creche::ConnectTcp("127.0.0.1", port));
  std::string greeting(5, '\0');
  co_await creche::Try(stream.ReceiveExactly(absl::MakeSpan(greeting)));
  co_return greeting;
}

creche::Task<absl::StatusOr<std::string>> GreetAVisitor() {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", 0));
  absl::StatusOr<std::string> greeting = absl::UnknownError("not greeted");
  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    nursery.StartSoon(Greet, std::ref(listener));
    greeting =
        co_await creche::FailAfter(absl::Seconds(10), Visit(listener.port()));
    nursery.Cancel();
  };
  co_await creche::Try(creche::WithNursery(body));
  co_return greeting;
}

TEST(TourTest, NothingIsLeftWhateverTheKernelSays) {
  creche::FailEverywhere(GreetAVisitor);
}

TEST(TourTest, ConnectionsBreakAndFallSilent) {
  int greeted = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    creche::SimulatedNetwork network(
        {.seed = seed, .break_probability = 0.1, .silence_probability = 0.1});
    absl::StatusOr<std::string> greeting = creche::Run(
        {.clock = &network.clock(), .port = &network.port()}, GreetAVisitor);
    if (!greeting.ok()) continue;
    EXPECT_EQ(*greeting, "hello");
    ++greeted;
  }
  EXPECT_GT(greeted, 20);
  EXPECT_LT(greeted, 100);
}

}  // namespace
