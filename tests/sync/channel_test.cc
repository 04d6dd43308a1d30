// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/channel.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

static_assert(!std::is_copy_constructible_v<Sender<int>>);
static_assert(!std::is_copy_assignable_v<Receiver<int>>);
static_assert(std::is_nothrow_move_constructible_v<Sender<int>>);

using Box = std::unique_ptr<int>;

Task<> SendAll(Sender<int> send, std::vector<int> values) {
  for (int value : values) {
    absl::Status sent = co_await send.Send(value);
    EXPECT_THAT(sent, IsOk());
  }
}

Task<> ReceiveAll(Receiver<int> receive, std::vector<int>& values) {
  while (std::optional<int> value = co_await receive.Receive()) {
    values.push_back(*value);
  }
}

class ChannelTest : public ::testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Capacities, ChannelTest,
                         ::testing::Values(0, 1, 3, kUnbounded));

TEST_P(ChannelTest, ValuesArriveInOrder) {
  std::vector<int> received;
  InNursery([&](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(GetParam());
    nursery.StartSoon(SendAll, std::move(send),
                      std::vector<int>{1, 2, 3, 4, 5, 6});
    nursery.StartSoon(ReceiveAll, std::move(receive), std::ref(received));
    co_return;
  });
  EXPECT_EQ(received, (std::vector<int>{1, 2, 3, 4, 5, 6}));
}

TEST_P(ChannelTest, CarriesWhatCannotBeCopied) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<Box>(GetParam());
    auto produce = [](Sender<Box> s) -> Task<> {
      absl::Status sent = co_await s.Send(std::make_unique<int>(1));
      EXPECT_THAT(sent, IsOk());
      sent = co_await s.Send(std::make_unique<int>(2));
      EXPECT_THAT(sent, IsOk());
    };
    nursery.StartSoon(produce, std::move(send));
    std::optional<Box> first = co_await receive.Receive();
    absl::StatusOr<Box> second = receive.TryReceive();
    while (!second.ok()) {
      co_await Checkpoint();
      second = receive.TryReceive();
    }
    EXPECT_EQ(**first, 1);
    EXPECT_EQ(**second, 2);
  });
}

// Trio: test_channel_multiple_producers.
TEST_P(ChannelTest, TheEndComesWhenTheLastOfManySendersGoes) {
  std::vector<int> received;
  InNursery([&](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(GetParam());
    for (int i = 0; i < 10; ++i) {
      nursery.StartSoon(SendAll, send.Clone(), std::vector<int>{i, i, i});
    }
    send.Close();
    nursery.StartSoon(ReceiveAll, std::move(receive), std::ref(received));
    co_return;
  });
  EXPECT_EQ(received.size(), 30u);
}

TEST_P(ChannelTest, SeveralReceiversShareTheValues) {
  std::vector<int> a;
  std::vector<int> b;
  InNursery([&](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(GetParam());
    nursery.StartSoon(ReceiveAll, receive.Clone(), std::ref(a));
    nursery.StartSoon(ReceiveAll, std::move(receive), std::ref(b));
    nursery.StartSoon(SendAll, std::move(send),
                      std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8});
    co_return;
  });
  EXPECT_EQ(a.size() + b.size(), 8u);
}

TEST(ChannelTest, TrySendMovesOnlyWhatItSends) {
  auto [send, receive] = MakeChannel<Box>(1);
  Box first = std::make_unique<int>(1);
  Box second = std::make_unique<int>(2);

  EXPECT_THAT(send.TrySend(std::move(first)), IsOk());
  absl::Status refused = send.TrySend(std::move(second));

  EXPECT_TRUE(IsWouldBlock(refused)) << refused;
  EXPECT_EQ(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**receive.TryReceive(), 1);
  EXPECT_TRUE(IsWouldBlock(receive.TryReceive().status()));
}

TEST(ChannelTest, AtARendezvousTrySendNeedsOneWhoWaits) {
  std::vector<int> values;
  InNursery([&](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    EXPECT_TRUE(IsWouldBlock(send.TrySend(1)));
    nursery.StartSoon(ReceiveAll, std::move(receive), std::ref(values));
    co_await LetOthersRun();

    EXPECT_THAT(send.TrySend(2), IsOk());
    EXPECT_TRUE(IsWouldBlock(send.TrySend(3)));

    send.Close();
    co_await LetOthersRun();
    EXPECT_EQ(values, std::vector<int>{2});
  });
}

// Trio: test_channel_fairness.
TEST(ChannelTest, AValueBelongsToTheReceiverThatWaited) {
  std::vector<int> values;
  InNursery([&](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(1);
    nursery.StartSoon(ReceiveAll, receive.Clone(), std::ref(values));
    co_await LetOthersRun();

    EXPECT_THAT(send.TrySend(1), IsOk());
    EXPECT_TRUE(IsWouldBlock(receive.TryReceive().status()));

    send.Close();
  });
  EXPECT_EQ(values, std::vector<int>{1});
}

// Trio: test_channel_fairness.
TEST(ChannelTest, AFreeSlotBelongsToTheSenderThatWaited) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(1);
    nursery.StartSoon(SendAll, send.Clone(), std::vector<int>{1, 2});
    co_await LetOthersRun();

    EXPECT_EQ(*receive.TryReceive(), 1);
    EXPECT_TRUE(IsWouldBlock(send.TrySend(3)));
    EXPECT_EQ(*receive.TryReceive(), 2);
    EXPECT_THAT(send.TrySend(3), IsOk());
  });
}

// Trio: test_553.
TEST(ChannelTest, ACancelledReceiveLeavesNothingBehind) {
  InRun([]() -> Task<> {
    auto [send, receive] = MakeChannel<int>(1);
    auto timed_out = co_await MoveOnAfter(absl::Seconds(1), receive.Receive());
    EXPECT_FALSE(timed_out.has_value());
    EXPECT_EQ(receive.statistics().tasks_waiting_to_receive, 0u);

    absl::Status sent = co_await send.Send(1);
    EXPECT_THAT(sent, IsOk());
    auto blocked = co_await MoveOnAfter(absl::Seconds(1), send.Send(2));
    EXPECT_FALSE(blocked.has_value());

    ChannelStatistics statistics = send.statistics();
    EXPECT_EQ(statistics.tasks_waiting_to_send, 0u);
    EXPECT_EQ(statistics.buffer_used, 1u);
    EXPECT_EQ(*receive.TryReceive(), 1);
    EXPECT_EQ(receive.statistics().peak_buffer_used, 1u);
  });
}

TEST(ChannelTest, StatisticsShowBothEnds) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(2);
    Sender<int> other = send.Clone();
    nursery.StartSoon(SendAll, send.Clone(), std::vector<int>{1, 2, 3});
    co_await LetOthersRun();

    ChannelStatistics statistics = receive.statistics();
    EXPECT_EQ(statistics.capacity, 2u);
    EXPECT_EQ(statistics.buffer_used, 2u);
    EXPECT_EQ(statistics.peak_buffer_used, 2u);
    EXPECT_EQ(statistics.open_senders, 3u);
    EXPECT_EQ(statistics.open_receivers, 1u);
    EXPECT_EQ(statistics.tasks_waiting_to_send, 1u);
    EXPECT_EQ(statistics.tasks_waiting_to_receive, 0u);
    nursery.Cancel();
  });
}

TEST(ChannelTest, WhatNobodyReceivedIsDestroyed) {
  auto alive = std::make_shared<int>(0);
  {
    auto [send, receive] = MakeChannel<std::shared_ptr<int>>(4);
    EXPECT_THAT(send.TrySend(alive), IsOk());
    EXPECT_THAT(send.TrySend(alive), IsOk());
    EXPECT_EQ(alive.use_count(), 3);

    receive.Close();
    EXPECT_EQ(alive.use_count(), 1);
    EXPECT_TRUE(IsBrokenResource(send.TrySend(alive)));
  }
  EXPECT_EQ(alive.use_count(), 1);
}

// The buffer of a channel may hold the last handles of that very channel.
TEST(ChannelTest, CanCarryItsOwnHandles) {
  struct Message {
    std::optional<Sender<Message>> reply_to;
  };
  auto channel = MakeChannel<Message>(4);
  EXPECT_THAT(channel.first.TrySend(Message{channel.first.Clone()}), IsOk());
  EXPECT_THAT(channel.first.TrySend(Message{channel.first.Clone()}), IsOk());

  channel.first.Close();
  EXPECT_EQ(channel.second.statistics().open_senders, 2u);

  channel.second.Close();
}

}  // namespace
}  // namespace creche
