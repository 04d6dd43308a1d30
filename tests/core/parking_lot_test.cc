// SPDX-License-Identifier: Apache-2.0

#include "creche/core/parking_lot.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

void Expect(absl::Status status) { EXPECT_THAT(status, IsOk()); }

class ParkingLotTest : public ::testing::Test {
 protected:
  Task<> Park(int i) {
    scopes_[i].emplace();
    const bool woken = co_await scopes_[i]->Run(lot_.Park());
    trace_ += woken ? 'w' : 'c';
    trace_ += static_cast<char>('0' + i);
  }

  // Parks tasks 0 to 4, then runs `then` beside them.
  template <typename Then>
  void WithFiveParked(Then then) {
    Expect(RunMockedInOrder([&]() -> Task<> {
      auto body = [&](Nursery& nursery) -> Task<> {
        for (int i = 0; i < 5; ++i) {
          nursery.StartSoon(&ParkingLotTest::Park, this, i);
        }
        co_await Checkpoint();
        co_await Checkpoint();
        EXPECT_EQ(lot_.size(), 5u);
        co_await then();
      };
      Expect(co_await WithNursery(body));
    }));
    EXPECT_TRUE(lot_.empty());
  }

  ParkingLot lot_;
  std::optional<CancelScope> scopes_[5];
  std::string trace_;
};

TEST_F(ParkingLotTest, WakesInOrderOfArrival) {
  WithFiveParked([&]() -> Task<> {
    EXPECT_EQ(lot_.Unpark(), 1u);
    EXPECT_EQ(lot_.Unpark(2), 2u);
    EXPECT_EQ(lot_.size(), 2u);
    co_await Checkpoint();
    EXPECT_EQ(trace_, "w0w1w2");
    EXPECT_EQ(lot_.UnparkAll(), 2u);
  });
  EXPECT_EQ(trace_, "w0w1w2w3w4");
}

TEST_F(ParkingLotTest, UnparksAtMostThoseWhoAreThere) {
  EXPECT_EQ(lot_.Unpark(3), 0u);
  EXPECT_EQ(lot_.UnparkAll(), 0u);
  WithFiveParked([&]() -> Task<> {
    EXPECT_EQ(lot_.Unpark(9), 5u);
    co_return;
  });
  EXPECT_EQ(trace_, "w0w1w2w3w4");
}

// Who is cancelled is gone from the lot at once.
TEST_F(ParkingLotTest, CancelledTaskLeavesAtOnce) {
  WithFiveParked([&]() -> Task<> {
    scopes_[1]->Cancel();
    scopes_[4]->Cancel();
    EXPECT_EQ(lot_.size(), 3u);
    EXPECT_EQ(lot_.Unpark(2), 2u);
    co_await Checkpoint();
    lot_.UnparkAll();
  });
  EXPECT_EQ(trace_, "c1c4w0w2w3");
}

// Trio: whoever wakes the task first wins.
TEST_F(ParkingLotTest, UnparkedThenCancelledTaskIsWoken) {
  WithFiveParked([&]() -> Task<> {
    lot_.UnparkAll();
    for (auto& scope : scopes_) scope->Cancel();
    co_return;
  });
  EXPECT_EQ(trace_, "w0w1w2w3w4");
}

// Trio: test_parking_lot_repark.
TEST_F(ParkingLotTest, ReparkedTasksKeepOrderAndCanBeCancelled) {
  ParkingLot other;
  WithFiveParked([&]() -> Task<> {
    EXPECT_EQ(lot_.Repark(other, 3), 3u);
    EXPECT_EQ(lot_.size(), 2u);
    EXPECT_EQ(other.size(), 3u);
    scopes_[1]->Cancel();
    EXPECT_EQ(other.size(), 2u);
    co_await Checkpoint();
    EXPECT_EQ(trace_, "c1");
    other.UnparkAll();
    lot_.UnparkAll();
  });
  EXPECT_EQ(trace_, "c1w0w2w3w4");
}

TEST_F(ParkingLotTest, ReparksAtMostThoseWhoAreThere) {
  ParkingLot other;
  WithFiveParked([&]() -> Task<> {
    EXPECT_EQ(lot_.Repark(other, 9), 5u);
    EXPECT_EQ(other.Repark(lot_), 1u);
    EXPECT_EQ(lot_.UnparkAll(), 1u);
    EXPECT_EQ(other.UnparkAll(), 4u);
    co_return;
  });
  EXPECT_EQ(trace_, "w0w1w2w3w4");
}

TEST_F(ParkingLotTest, ReparkIntoTheSameLotMovesToTheEnd) {
  WithFiveParked([&]() -> Task<> {
    EXPECT_EQ(lot_.Repark(lot_, 2), 2u);
    EXPECT_EQ(lot_.size(), 5u);
    lot_.UnparkAll();
    co_return;
  });
  EXPECT_EQ(trace_, "w2w3w4w0w1");
}

TEST_F(ParkingLotTest, CancelledTaskNeverParks) {
  Expect(RunMocked([&]() -> Task<> {
    EXPECT_FALSE(co_await MoveOnAfter(absl::ZeroDuration(), lot_.Park()));
    EXPECT_TRUE(lot_.empty());
  }));
}

}  // namespace
}  // namespace creche
