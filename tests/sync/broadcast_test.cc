// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/broadcast.h"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/errors.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

Task<> Collect(Subscription<int> subscription, std::vector<int>& values) {
  for (;;) {
    absl::StatusOr<int> value = co_await subscription.Receive();
    if (IsEndOfStream(value.status())) co_return;
    EXPECT_THAT(value, IsOk());
    values.push_back(value.value_or(-1));
  }
}

TEST(BroadcastTest, EverySubscriberSeesEveryValue) {
  std::vector<int> a;
  std::vector<int> b;
  InNursery([&](Nursery& nursery) -> Task<> {
    Broadcast<int> broadcast(2);
    nursery.StartSoon(Collect, broadcast.Subscribe(), std::ref(a));
    nursery.StartSoon(Collect, broadcast.Subscribe(), std::ref(b));
    for (int i = 0; i < 10; ++i) {
      EXPECT_THAT(broadcast.Send(i), IsOk());
      co_await LetOthersRun();
    }
  });
  EXPECT_EQ(a, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(a, b);
}

TEST(BroadcastTest, ASubscriptionBeginsWithTheNextValue) {
  Broadcast<int> broadcast(4);
  EXPECT_THAT(broadcast.Send(1), IsOk());
  Subscription<int> subscription = broadcast.Subscribe();
  EXPECT_TRUE(IsWouldBlock(subscription.TryReceive().status()));

  EXPECT_THAT(broadcast.Send(2), IsOk());

  EXPECT_EQ(*subscription.TryReceive(), 2);
}

TEST(BroadcastTest, WhoFallsBehindIsTold) {
  Broadcast<int> broadcast(2);
  Subscription<int> subscription = broadcast.Subscribe();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(broadcast.Send(i), IsOk());

  absl::StatusOr<int> lagged = subscription.TryReceive();

  EXPECT_EQ(lagged.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(lagged.status().message().find("missed 3"), std::string::npos);
  EXPECT_EQ(subscription.missed(), 3u);
  EXPECT_EQ(*subscription.TryReceive(), 3);
  EXPECT_EQ(*subscription.TryReceive(), 4);
  EXPECT_TRUE(IsWouldBlock(subscription.TryReceive().status()));
}

TEST(BroadcastTest, ACloneHasStillToSeeTheSame) {
  Broadcast<int> broadcast(4);
  Subscription<int> subscription = broadcast.Subscribe();
  EXPECT_THAT(broadcast.Send(1), IsOk());
  EXPECT_THAT(broadcast.Send(2), IsOk());
  EXPECT_EQ(*subscription.TryReceive(), 1);

  Subscription<int> clone = subscription.Clone();

  EXPECT_EQ(*clone.TryReceive(), 2);
  EXPECT_EQ(*subscription.TryReceive(), 2);
  EXPECT_EQ(broadcast.statistics().subscriptions, 2u);
}

TEST(BroadcastTest, TheEndComesAfterWhatWasSent) {
  auto broadcast = std::make_unique<Broadcast<int>>(4);
  Subscription<int> subscription = broadcast->Subscribe();
  EXPECT_THAT(broadcast->Send(1), IsOk());

  broadcast->Close();
  EXPECT_TRUE(IsClosedResource(broadcast->Send(2)));
  broadcast.reset();

  EXPECT_EQ(*subscription.TryReceive(), 1);
  EXPECT_TRUE(IsEndOfStream(subscription.TryReceive().status()));
}

// One at a time, in the order in which they came.
TEST(BroadcastTest, TasksThatShareASubscriptionShareItsValues) {
  std::vector<int> got;
  InNursery([&](Nursery& nursery) -> Task<> {
    Broadcast<int> broadcast(4);
    Subscription<int> subscription = broadcast.Subscribe();
    auto receive = [&](int id) -> Task<> {
      absl::StatusOr<int> value = co_await subscription.Receive();
      got.push_back(id * 10 + value.value_or(0));
    };
    nursery.StartSoon(receive, 1);
    nursery.StartSoon(receive, 2);
    co_await LetOthersRun();
    EXPECT_EQ(broadcast.statistics().tasks_waiting, 2u);

    EXPECT_THAT(broadcast.Send(1), IsOk());
    EXPECT_EQ(broadcast.statistics().tasks_waiting, 1u);
    EXPECT_TRUE(IsWouldBlock(subscription.TryReceive().status()));
    EXPECT_THAT(broadcast.Send(2), IsOk());
    co_await LetOthersRun();
  });
  EXPECT_EQ(got, (std::vector<int>{11, 22}));
}

class BroadcastCancellationTest : public ::testing::TestWithParam<Order> {};
INSTANTIATE_TEST_SUITE_P(BothOrders, BroadcastCancellationTest,
                         ::testing::Values(Order::kCompleteThenCancel,
                                           Order::kCancelThenComplete));

TEST_P(BroadcastCancellationTest, Receive) {
  InRun([]() -> Task<> {
    Broadcast<int> broadcast(2);
    Subscription<int> subscription = broadcast.Subscribe();
    auto receive = [&]() -> Task<> {
      absl::StatusOr<int> value = co_await subscription.Receive();
      EXPECT_EQ(*value, 7);
    };

    const bool completed = co_await CompleteAndCancel(
        GetParam(), receive, [&] { EXPECT_THAT(broadcast.Send(7), IsOk()); });

    EXPECT_EQ(completed, GetParam() == Order::kCompleteThenCancel);
    EXPECT_EQ(subscription.TryReceive().ok(), !completed);
    EXPECT_EQ(broadcast.statistics().tasks_waiting, 0u);
  });
}

TEST(BroadcastDeathTest, ASubscriptionThatIsWaitedOnIsMoved) {
  Broadcast<int> broadcast(2);
  Subscription<int> subscription = broadcast.Subscribe();
  auto move_it = [&](Nursery& nursery) -> Task<> {
    auto receive = [](Subscription<int>& s) -> Task<> {
      (void)co_await s.Receive();
    };
    nursery.StartSoon(receive, std::ref(subscription));
    co_await LetOthersRun();
    Subscription<int> moved = std::move(subscription);
  };
  EXPECT_DEATH(InNursery(move_it), "moved or destroyed while a task waits");
}

// Sends when it is destroyed, as long as there is something left to send.
class Sends {
 public:
  explicit Sends(Broadcast<Sends>* to, int* left) : to_(to), left_(left) {}
  Sends(const Sends&) = default;
  Sends& operator=(const Sends&) = default;
  ~Sends() {
    if (*left_ == 0) return;
    --*left_;
    EXPECT_THAT(to_->Send(Sends(to_, left_)), IsOk());
  }

 private:
  Broadcast<Sends>* to_;
  int* left_;
};

TEST(BroadcastTest, AValueMaySendWhenItIsDestroyed) {
  constexpr size_t kCapacity = 8;
  int left = 0;
  Broadcast<Sends> broadcast(kCapacity);
  Subscription<Sends> subscription = broadcast.Subscribe();
  for (size_t i = 0; i < kCapacity; ++i) {
    EXPECT_THAT(broadcast.Send(Sends(&broadcast, &left)), IsOk());
  }
  left = 20;
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(broadcast.Send(Sends(&broadcast, &left)), IsOk());
    EXPECT_EQ(broadcast.statistics().buffer_used, kCapacity);
  }
  EXPECT_EQ(left, 0);
}

#if defined(__cpp_exceptions)
// Throws when it is copied, so many times.
class HardToCopy {
 public:
  explicit HardToCopy(int* throws) : throws_(throws) {}
  HardToCopy(const HardToCopy& other) : throws_(other.throws_) {
    if (*throws_ > 0 && (*throws_)-- > 0) throw std::runtime_error("copy");
  }
  HardToCopy(HardToCopy&&) noexcept = default;

 private:
  int* throws_;
};

TEST(BroadcastTest, ACopyThatThrowsConcernsItsReceiverOnly) {
  int thrown = 0;
  int received = 0;
  auto receive = [&](Subscription<HardToCopy> subscription) -> Task<> {
    try {
      EXPECT_THAT(co_await subscription.Receive(), IsOk());
    } catch (const std::runtime_error&) {
      ++thrown;
      EXPECT_THAT(subscription.TryReceive(), IsOk());
    }
    ++received;
  };
  InNursery([&](Nursery& nursery) -> Task<> {
    int throws = 0;
    Broadcast<HardToCopy> broadcast(1);
    for (int i = 0; i < 3; ++i) {
      nursery.StartSoon(receive, broadcast.Subscribe());
    }
    co_await LetOthersRun();
    throws = 2;
    EXPECT_THAT(broadcast.Send(HardToCopy(&throws)), IsOk());
    co_await LetOthersRun();
    EXPECT_EQ(broadcast.statistics().tasks_waiting, 0u);
  });
  EXPECT_EQ(thrown, 2);
  EXPECT_EQ(received, 3);
}
#endif

}  // namespace
}  // namespace creche
