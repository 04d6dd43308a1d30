// SPDX-License-Identifier: Apache-2.0

#include "creche/io/pool.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/run.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// A connection that counts how many of its kind there are.
class Connection {
 public:
  Connection(int number, int& open) : number_(number), open_(&open) { ++open; }
  Connection(Connection&& other) noexcept
      : number_(other.number_), open_(std::exchange(other.open_, nullptr)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (open_ != nullptr) --*open_;
  }
  int number() const { return number_; }

 private:
  int number_;
  int* open_;
};

// Opens numbered connections, slowly.
struct Opening {
  int opened = 0;
  int open = 0;
  absl::Status error;
};
auto Opener(Opening& opening) {
  return [&opening]() -> Task<absl::StatusOr<Connection>> {
    co_await SleepFor(absl::Milliseconds(10));
    if (!opening.error.ok()) co_return opening.error;
    co_return Connection(++opening.opened, opening.open);
  };
}

CRECHE_TEST(PoolTest, LendsAConnectionAgain) {
  Opening opening;
  Pool<Connection> pool(Opener(opening));
  for (int i = 0; i < 3; ++i) {
    auto lease = (co_await pool.Borrow()).value();
    EXPECT_EQ(lease->number(), 1);
    EXPECT_EQ(pool.lent(), 1U);
    lease.Return();
  }
  EXPECT_EQ(pool.idle(), 1U);
}

CRECHE_TEST(PoolTest, ClosesWhatWasNotReturned) {
  Opening opening;
  Pool<Connection> pool(Opener(opening));
  {
    auto lease = (co_await pool.Borrow()).value();
  }
  EXPECT_EQ(opening.open, 0);
  auto lease = (co_await pool.Borrow()).value();
  EXPECT_EQ(lease->number(), 2);
}

CRECHE_TEST(PoolTest, KeepsToItsSizeAndToTheOrder) {
  Opening opening;
  Pool<Connection> pool(Opener(opening), PoolOptions().set_max_size(2));
  std::vector<int> served;
  int most = 0;
  auto use = [&](int number) -> Task<> {
    auto lease = (co_await pool.Borrow()).value();
    served.push_back(number);
    most = std::max(most, opening.open);
    co_await SleepFor(absl::Seconds(1));
    if (number % 2 == 0) lease.Return();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 10; ++i) {
      nursery.StartSoon(use, i);
      co_await SleepFor(absl::Milliseconds(1));
    }
  };
  (co_await WithNursery(body)).IgnoreError();
  EXPECT_EQ(most, 2);
  EXPECT_TRUE(std::is_sorted(served.begin(), served.end()));
  EXPECT_EQ(served.size(), 10U);
}

CRECHE_TEST(PoolTest, ClosesIdleAndUnhealthyConnections) {
  Opening opening;
  auto is_even = [](Connection& connection) -> Task<bool> {
    co_return connection.number() % 2 == 0;
  };
  Pool<Connection> pool(Opener(opening), is_even,
                        PoolOptions().set_idle_timeout(absl::Seconds(10)));
  (co_await pool.Borrow()).value().Return();
  auto second = (co_await pool.Borrow()).value();
  EXPECT_EQ(second->number(), 2) << "the first is not healthy";
  second.Return();
  co_await SleepFor(absl::Seconds(10));
  auto third = (co_await pool.Borrow()).value();
  EXPECT_EQ(third->number(), 3) << "the second was idle for too long";
}

CRECHE_TEST(PoolTest, AnErrorOfOpeningTakesNoSlot) {
  Opening opening;
  opening.error = absl::UnavailableError("refused");
  Pool<Connection> pool(Opener(opening), PoolOptions().set_max_size(1));
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = (co_await pool.Borrow()).status();
    EXPECT_EQ(status, opening.error);
  }
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(PoolTest, CanBeCancelledEverywhere) {
  Opening opening;
  auto body = [&]() -> Task<absl::Status> {
    Pool<Connection> pool(Opener(opening), PoolOptions().set_max_size(2));
    auto use = [&]() -> Task<absl::Status> {
      auto lease = co_await Try(pool.Borrow());
      co_await SleepFor(absl::Milliseconds(5));
      lease.Return();
      co_return absl::OkStatus();
    };
    auto main = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 4; ++i) nursery.StartSoon(use);
      co_return;
    };
    co_return co_await WithNursery(main);
  };
  CancelEverywhere(body, [&](size_t) { EXPECT_EQ(opening.open, 0); });
}

TEST(PoolDeathTest, HasRoomForNobody) {
  Opening opening;
  EXPECT_DEATH(Pool<Connection>(Opener(opening), PoolOptions().set_max_size(0)),
               "set_max_size.*at least 1");
}

TEST(PoolDeathTest, IsUsedAfterItWasReturned) {
  auto main = []() -> Task<> {
    Opening opening;
    Pool<Connection> pool(Opener(opening), PoolOptions());
    auto lease = (co_await pool.Borrow()).value();
    lease.Return();
    (void)lease->number();
  };
  EXPECT_DEATH((void)creche::Run(main), "used after Return");
}

}  // namespace
}  // namespace creche
