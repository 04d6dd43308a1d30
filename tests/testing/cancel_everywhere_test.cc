// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/cancel_everywhere.h"

#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/uring/operation_port.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Body>
std::string FailuresOfCancelling(Body body) {
  return FailuresOf([&] { CancelEverywhere(body); });
}

TEST(CancelEverywhereTest, CountsTheCancelPoints) {
  // Before the first step; while it sleeps; before it goes on.
  EXPECT_EQ(
      CancelEverywhere([]() -> Task<> { co_await SleepFor(absl::Seconds(1)); }),
      3);
  // A checkpoint does not wait.
  EXPECT_EQ(CancelEverywhere([]() -> Task<> { co_await Checkpoint(); }), 2);
  EXPECT_EQ(
      CancelEverywhere([]() -> Task<> { co_await CheckpointIfCancelled(); }),
      2);
}

TEST(CancelEverywhereTest, CancelsAtEachPointInThreeWays) {
  int stage = 0;
  auto body = [&]() -> Task<> {
    stage = 0;
    co_await Checkpoint();
    stage = 1;
    co_await SleepFor(absl::Seconds(1));
    stage = 2;
  };
  std::vector<int> stages;
  std::vector<std::size_t> points;
  const std::size_t count = CancelEverywhere(body, [&](std::size_t k) {
    points.push_back(k);
    stages.push_back(stage);
  });

  EXPECT_EQ(count, 4);
  EXPECT_THAT(points, ElementsAre(1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4));
  // A deadline that expires is noticed a tick later.
  EXPECT_THAT(std::vector<int>(stages.begin(), stages.begin() + 8),
              ElementsAre(0, 0, 1, 2, 0, 1, 1, 2));
}

TEST(CancelEverywhereTest, PassesForChildrenAndTimeouts) {
  auto child = [](int seconds) -> Task<> {
    co_await MoveOnAfter(absl::Seconds(2), SleepFor(absl::Seconds(seconds)));
  };
  auto open = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(child, 1);
    nursery.StartSoon(child, 3);
    co_return;
  };
  const std::size_t count = CancelEverywhere(
      [&]() -> Task<absl::Status> { co_return co_await WithNursery(open); });

  EXPECT_GT(count, 6);
}

TEST(CancelEverywhereTest, TellsOfABodyThatFailsAnyway) {
  EXPECT_THAT(FailuresOfCancelling([]() -> Task<absl::Status> {
                co_await Checkpoint();
                co_return absl::DataLossError("always");
              }),
              HasSubstr("the body fails even when nothing is cancelled: "
                        "DATA_LOSS: always"));
}

TEST(CancelEverywhereTest, NamesTheSweepThePointAndTheLine) {
  std::vector<int> opened;
  auto body = [&]() -> Task<> {
    opened.push_back(dup(0));
    co_await SleepFor(absl::Seconds(1));
    close(opened.back());
    opened.pop_back();
  };
  const std::string failures = FailuresOfCancelling(body);
  for (int descriptor : opened) close(descriptor);

  EXPECT_THAT(failures,
              HasSubstr("the run is cancelled at cancel point 2 (the "
                        "main task, while it waits for SleepFor at "));
  EXPECT_THAT(failures, HasSubstr("cancel_everywhere_test.cc:"));
  EXPECT_THAT(failures, HasSubstr("a deadline expires at cancel point 2"));
  EXPECT_THAT(failures, HasSubstr("a sibling fails at cancel point 2"));
  EXPECT_THAT(failures, HasSubstr("was left open"));
  EXPECT_THAT(failures, HasSubstr("CRECHE_SCHEDULE_SEED="));
}

TEST(CancelEverywhereTest, FailuresOfTheCheckNameThePoint) {
  auto body = []() -> Task<> { co_await Checkpoint(); };
  const std::string failures = FailuresOf(
      [&] { CancelEverywhere(body, [] { ADD_FAILURE() << "checked"; }); });

  EXPECT_THAT(failures, HasSubstr("a deadline expires at cancel point 1"));
  EXPECT_THAT(failures, HasSubstr("before it goes on from its turn at "));
}

TEST(CancelEverywhereTest, FailsIfThereIsNothingToSweep) {
  auto body = []() -> Task<> { co_return; };
  EXPECT_THAT(FailuresOfCancelling(body),
              HasSubstr("nothing was tested: the body has no cancel points"));

  CancelEverywhereOptions options;
  options.allow_no_points = true;
  EXPECT_EQ(CancelEverywhere(body, [] {}, options), 1u);
}

TEST(CancelEverywhereTest, FailsIfOnlyTheFirstRunHasPoints) {
  int runs = 0;
  auto body = [&]() -> Task<> {
    if (++runs == 1) co_await SleepFor(absl::Seconds(1));
  };
  const std::string failures = FailuresOfCancelling(body);

  EXPECT_THAT(failures, HasSubstr("no run has come to a place where the run is "
                                  "cancelled at cancel point 3"));
}

// Of the test that runs.
std::string PropertyOfThisTest(const std::string& key) {
  const ::testing::TestResult& result =
      *::testing::UnitTest::GetInstance()->current_test_info()->result();
  for (int i = 0; i < result.test_property_count(); ++i) {
    const ::testing::TestProperty& property = result.GetTestProperty(i);
    if (property.key() == key) return property.value();
  }
  return "(no such property)";
}

TEST(CancelEverywhereTest, TellsHowMuchItHasSwept) {
  auto body = []() -> Task<> { co_await SleepFor(absl::Seconds(1)); };
  const int line = __LINE__ + 1;
  CancelEverywhere(body);

  EXPECT_EQ(PropertyOfThisTest("CancelEverywhere_line_" + std::to_string(line)),
            "3 cancel points, 9 runs");

  const std::string failures = FailuresOf(
      [&] { CancelEverywhere(body, [] { ADD_FAILURE() << "checked"; }); });
  EXPECT_THAT(failures, HasSubstr("a sweep over 3 cancel points"));
}

TEST(CancelEverywhereTest, FindsALeakedFrame) {
  std::vector<Task<>> leaked;
  auto leak = [&]() -> Task<> {
    leaked.push_back([]() -> Task<> { co_return; }());
    co_await SleepFor(absl::Seconds(1));
    leaked.clear();
  };
  const std::string failures = FailuresOfCancelling(leak);
  leaked.clear();

  EXPECT_THAT(failures, HasSubstr("1 coroutine frames or tasks were left"));
}

TEST(CancelEverywhereTest, FindsABlockThatIsKept) {
  bool are_lent = false;
  std::vector<ReceivedBlock> kept;
  auto keep = [&]() -> Task<absl::Status> {
    are_lent = OperationPort::Current().features().multishot_receive;
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    TcpStream client = co_await Try(ConnectTcp(listener.local_address()));
    TcpStream server = co_await Try(listener.Accept());
    co_await Try(client.SendAll("hello"));
    kept.push_back(co_await Try(server.Receive()));
    co_return absl::OkStatus();
  };
  const std::string failures = FailuresOfCancelling(keep);
  kept.clear();

  if (!are_lent) GTEST_SKIP() << "blocks are allocated here";
  EXPECT_THAT(failures,
              HasSubstr("1 blocks of received bytes were not given back"));
}

TEST(CancelEverywhereTest, FindsADeadlock) {
  // Whoever is cancelled takes the notification along.
  auto body = []() -> Task<> {
    ParkingLot done;
    auto wait = [&]() -> Task<> { co_await Shield(done.Park("the end")); };
    auto open = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await SleepFor(absl::Seconds(1));
      done.UnparkAll();
    };
    (co_await WithNursery(open)).IgnoreError();
  };

  EXPECT_THAT(FailuresOfCancelling(body),
              HasSubstr("task waits for the end at "));
}

TEST(CancelEverywhereTest, SweepsInnerScopesIfAsked) {
  int moved_on = 0;
  auto body = [&]() -> Task<> {
    if (!co_await MoveOnAfter(absl::Hours(1), SleepFor(absl::Seconds(1)))) {
      ++moved_on;
    }
    co_return;
  };
  CancelEverywhereOptions options;
  CancelEverywhere(body, [] {}, options);
  EXPECT_EQ(moved_on, 0);

  options.inner_scopes = true;
  CancelEverywhere(body, [] {}, options);
  EXPECT_GT(moved_on, 0);
}

TEST(CancelEverywhereTest, GivesASweepUpAfterThreeFailures) {
  std::vector<Task<>> leaked;
  int runs = 0;
  auto leak = [&]() -> Task<> {
    ++runs;
    leaked.push_back([]() -> Task<> { co_return; }());
    for (int i = 0; i < 100; ++i) co_await Checkpoint();
    leaked.clear();
  };
  const std::string failures = FailuresOfCancelling(leak);
  leaked.clear();

  EXPECT_THAT(failures, HasSubstr("other points, which were not tried"));
  EXPECT_LT(runs, 1 + 3 * 5);
}

#if defined(__cpp_exceptions)
TEST(CancelEverywhereTest, TellsOfAnException) {
  EXPECT_THAT(FailuresOfCancelling([]() -> Task<> {
                co_await Checkpoint();
                throw 1;
              }),
              HasSubstr("it has thrown an exception"));
}
#endif

TEST(CancelEverywhereDeathTest, IsNotForUseInsideARun) {
  auto nested = []() -> Task<> {
    CancelEverywhere([]() -> Task<> { co_await Checkpoint(); });
    co_return;
  };

  EXPECT_DEATH(internal::RunTestBody(__FILE__, __LINE__, nested),
               "call it from a TEST");
}

}  // namespace
}  // namespace creche
