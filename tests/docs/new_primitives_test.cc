// SPDX-License-Identifier: Apache-2.0
//
// What docs/new_primitives.md shows.

#include <cstddef>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/expect_checkpoint.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::CancelEverywhere;
using creche::Nursery;
using creche::Task;

// Tasks wait until `count` others have arrived.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}

  void Arrive() {
    if (--count_ == 0) waiters_.UnparkAll();
  }

  // Cancellation: safe.
  Task<> Wait() {
    if (count_ > 0) {
      co_await waiters_.Park("Latch::Wait");
    } else {
      co_await creche::Checkpoint();
    }
  }

 private:
  int count_;
  creche::ParkingLot waiters_;
};

CRECHE_TEST(LatchTest, OpensWhenAllHaveArrived) {
  Latch latch(2);
  auto body = [&](Nursery& nursery) -> Task<> {
    auto arrive = [&](absl::Duration when) -> Task<> {
      co_await creche::SleepFor(when);
      latch.Arrive();
    };
    nursery.StartSoon(arrive, absl::Seconds(1));
    nursery.StartSoon(arrive, absl::Seconds(3));
    const absl::Time start = creche::Now();
    co_await latch.Wait();
    EXPECT_EQ(creche::Now() - start, absl::Seconds(3));
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  co_await creche::ExpectCheckpoint(latch.Wait());
}

TEST(LatchTest, CanBeCancelledAnywhere) {
  auto body = []() -> Task<absl::Status> {
    Latch latch(1);
    auto wait_and_arrive = [&](Nursery& nursery) -> Task<> {
      auto wait = [&]() -> Task<> { co_await latch.Wait(); };
      nursery.StartSoon(wait);
      nursery.StartSoon(wait);
      co_await creche::SleepFor(absl::Seconds(1));
      latch.Arrive();
    };
    co_return co_await creche::WithNursery(wait_and_arrive);
  };
  EXPECT_GT(CancelEverywhere(body), 3u);
}

// Lets one task through for each coin, in the order of their arrival.
class Turnstile {
 public:
  class Pass : public creche::ParkingOperation<Pass> {
   public:
    static constexpr const char* kName = "Turnstile::Enter";

    explicit Pass(Turnstile* turnstile) : turnstile_(turnstile) {}

    bool TryComplete() { return turnstile_->TakeCoin(); }
    creche::ParkingLot& lot() { return turnstile_->waiters_; }
    void await_resume() {}

   private:
    Turnstile* turnstile_;
  };

  // Cancellation: safe. No coin is used.
  // Order: first come, first served.
  Pass Enter() { return Pass(this); }

  // The coin of whoever waits longest: nobody can barge.
  void InsertCoin() {
    if (waiters_.Unpark() == 0) ++coins_;
  }
  int coins() const { return coins_; }

 private:
  bool TakeCoin() {
    if (coins_ == 0) return false;
    --coins_;
    return true;
  }

  int coins_ = 0;
  creche::ParkingLot waiters_;
};

TEST(TurnstileTest, LosesNoCoin) {
  int entered = 0;
  int inserted = 0;
  int left = 0;
  auto body = [&]() -> Task<absl::Status> {
    entered = inserted = 0;
    Turnstile turnstile;
    auto count_coins = [&](Nursery& nursery) -> Task<> {
      auto enter = [&]() -> Task<> {
        co_await turnstile.Enter();
        ++entered;
        co_await creche::Checkpoint();
      };
      for (int i = 0; i < 3; ++i) nursery.StartSoon(enter);
      for (int i = 0; i < 2; ++i) {
        turnstile.InsertCoin();
        ++inserted;
        left = turnstile.coins();
        co_await creche::SleepFor(absl::Seconds(1));
      }
      nursery.Cancel();
    };
    co_return co_await creche::WithNursery(count_coins);
  };
  CancelEverywhere(body, [&] { EXPECT_LE(entered, inserted); });
}

// Somebody else's library, which calls back, once.
class Sensor {
 public:
  void OnReading(std::function<void(int)> callback) {
    callback_ = std::move(callback);
  }
  void Forget() { callback_ = nullptr; }
  void Measure(int value) {
    if (auto callback = std::exchange(callback_, nullptr)) callback(value);
  }
  bool is_used() const { return callback_ != nullptr; }

 private:
  std::function<void(int)> callback_;
};

// Cancellation: safe. The sensor is told.
Task<int> Read(Sensor& sensor) {
  int reading = 0;
  creche::Waker waker;
  auto start = [&](creche::Waker w) {
    waker = std::move(w);
    sensor.OnReading([&](int value) {
      reading = value;
      std::move(waker).Wake();
    });
  };
  auto abort = [&] {
    sensor.Forget();
    return creche::Abort::kDone;  // It will not call back any more.
  };
  co_await creche::Suspend(start, abort, "a reading of a Sensor");
  co_return reading;
}

CRECHE_TEST(SensorTest, Reads) {
  Sensor sensor;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto measure = [&]() -> Task<> {
      co_await creche::SleepFor(absl::Seconds(1));
      sensor.Measure(42);
    };
    nursery.StartSoon(measure);
    EXPECT_EQ(co_await Read(sensor), 42);
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
}

TEST(SensorTest, IsForgottenWhenCancelled) {
  Sensor sensor;
  auto body = [&]() -> Task<> {
    co_await creche::MoveOnAfter(absl::Seconds(1), Read(sensor));
  };
  CancelEverywhere(body, [&] { EXPECT_FALSE(sensor.is_used()); });
}

}  // namespace
