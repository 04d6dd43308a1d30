// SPDX-License-Identifier: Apache-2.0

#include "lib/core/outside_event.h"

#include <memory>
#include <thread>
#include <vector>

#include "creche/core/checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"
#include "tests/support/mocked_run.h"

namespace creche::internal {
namespace {

class Unparks final : public OutsideEvent {
 public:
  Unparks(ParkingLot& lot, std::vector<int>& order, int number)
      : OutsideEvent(*running.scheduler),
        lot_(lot),
        order_(order),
        number_(number) {}
  void Happen() override {
    order_.push_back(number_);
    lot_.Unpark();
  }

 private:
  ParkingLot& lot_;
  std::vector<int>& order_;
  const int number_;
};

TEST(OutsideEventTest, WakesARunFromAnotherThread) {
  auto main = []() -> Task<> {
    ParkingLot lot;
    std::vector<int> order;
    for (int round = 0; round < 200; ++round) {
      Unparks event(lot, order, round);
      std::thread other([&] { event.Post(); });
      co_await lot.Park();
      EXPECT_EQ(order.back(), round);
      other.join();
    }
  };
  EXPECT_THAT(RunMocked(main), IsOk());
}

TEST(OutsideEventTest, HappensInOrderOfPosting) {
  auto main = []() -> Task<> {
    ParkingLot lot;
    std::vector<int> order;
    Unparks first(lot, order, 1);
    Unparks second(lot, order, 2);
    Unparks third(lot, order, 3);
    std::thread other([&] {
      first.Post();
      second.Post();
      third.Post();
    });
    other.join();
    co_await lot.Park();
    const std::vector<int> expected = {1, 2, 3};
    EXPECT_EQ(order, expected);
  };
  EXPECT_THAT(RunMocked(main), IsOk());
}

TEST(OutsideEventTest, ManyThreadsPostAtOnce) {
  auto main = []() -> Task<> {
    constexpr int kThreads = 8;
    ParkingLot lot;
    std::vector<int> order;
    std::vector<std::unique_ptr<Unparks>> events;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      events.push_back(std::make_unique<Unparks>(lot, order, i));
      threads.emplace_back([event = events.back().get()] { event->Post(); });
    }
    while (order.size() < kThreads) co_await lot.Park();
    for (std::thread& thread : threads) thread.join();
  };
  EXPECT_THAT(RunMocked(main), IsOk());
}

// Such a run hardly ever asks its port, which has nothing to do.
TEST(OutsideEventTest, ReachesARunThatNeverWaits) {
  auto main = []() -> Task<> {
    ParkingLot lot;
    std::vector<int> order;
    Unparks event(lot, order, 1);
    std::thread other([&] { event.Post(); });
    while (order.empty()) co_await Checkpoint();
    other.join();
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

}  // namespace
}  // namespace creche::internal
