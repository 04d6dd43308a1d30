// SPDX-License-Identifier: Apache-2.0

#include "creche/core/parking_operation.h"

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// The example of the header.
class Turnstile {
 public:
  class Pass : public ParkingOperation<Pass> {
   public:
    static constexpr const char* kName = "Turnstile::Enter";

    explicit Pass(Turnstile* turnstile) : turnstile_(turnstile) {}

    bool TryComplete() { return turnstile_->TakeCoin(); }
    ParkingLot& lot() { return turnstile_->waiters_; }
    void await_resume() {}

   private:
    Turnstile* turnstile_;
  };

  Pass Enter() { return Pass(this); }
  void InsertCoin() {
    if (waiters_.Unpark(1) == 0) ++coins_;
  }
  size_t waiting() const { return waiters_.size(); }
  int coins() const { return coins_; }

 private:
  bool TakeCoin() { return coins_ > 0 ? (--coins_, true) : false; }

  int coins_ = 0;
  ParkingLot waiters_;
};

class ParkingOperationTest : public ::testing::Test {
 public:
  template <typename Body>
  void InNursery(Body body) {
    FakePort port;
    auto main = [&]() -> Task<absl::Status> {
      co_return co_await WithNursery(body);
    };
    absl::Status status = creche::Run({.port = &port}, main);
    EXPECT_THAT(status, IsOk());
  }

  Task<> Enter() {
    co_await turnstile_.Enter();
    ++inside_;
  }

  Turnstile turnstile_;
  int inside_ = 0;
};

TEST_F(ParkingOperationTest, CompletesAtOnceOrParks) {
  InNursery([&](Nursery& nursery) -> Task<> {
    turnstile_.InsertCoin();
    co_await Enter();
    EXPECT_EQ(inside_, 1);

    nursery.StartSoon(&ParkingOperationTest::Enter, this);
    co_await Checkpoint();
    co_await Checkpoint();
    EXPECT_EQ(inside_, 1);
    EXPECT_EQ(turnstile_.waiting(), 1u);
    turnstile_.InsertCoin();
    EXPECT_EQ(turnstile_.coins(), 0);
  });
  EXPECT_EQ(inside_, 2);
}

TEST_F(ParkingOperationTest, ACancelledTaskCompletesNothing) {
  InNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(&ParkingOperationTest::Enter, this);
    co_await Checkpoint();
    co_await Checkpoint();
    nursery.Cancel();
    EXPECT_EQ(turnstile_.waiting(), 0u);
    turnstile_.InsertCoin();
    co_await turnstile_.Enter();
  });
  EXPECT_EQ(inside_, 0);
  EXPECT_EQ(turnstile_.coins(), 1);
}

// After a number of operations in a row the task lets others run.
TEST_F(ParkingOperationTest, StarvesNobody) {
  InNursery([&](Nursery& nursery) -> Task<> {
    bool others_ran = false;
    auto other = [&]() -> Task<> {
      others_ran = true;
      co_return;
    };
    nursery.StartSoon(other);
    for (int i = 0; i < 100; ++i) {
      turnstile_.InsertCoin();
      co_await turnstile_.Enter();
    }
    EXPECT_TRUE(others_ran);
    EXPECT_EQ(turnstile_.coins(), 0);
  });
}

}  // namespace
}  // namespace creche
