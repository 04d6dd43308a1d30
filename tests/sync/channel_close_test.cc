// SPDX-License-Identifier: Apache-2.0
//
// Closing a channel: what each end sees, with and without somebody waiting.
// (Trio: test_close_basics, test_close_sync.)

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/errors.h"
#include "creche/sync/channel.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

// Waits in the background, and keeps how that ended. It, and the handle, must
// outlive the wait: in a nursery's body, which is not cancelled here, that is
// to wait for its end.
class Waiting {
 public:
  Waiting(Nursery& nursery, Sender<int>& send, int value) {
    nursery.StartSoon(
        [this, &send, value]() -> Task<> { co_await SendOne(send, value); });
  }
  Waiting(Nursery& nursery, Receiver<int>& receive) {
    nursery.StartSoon(
        [this, &receive]() -> Task<> { co_await ReceiveOne(receive); });
  }
  Waiting(const Waiting&) = delete;

  bool has_ended() const { return has_ended_; }
  const absl::Status& sent() const { return sent_; }
  const std::optional<int>& received() const { return received_; }

 private:
  Task<> SendOne(Sender<int>& send, int value) {
    sent_ = co_await send.Send(value);
    has_ended_ = true;
  }
  Task<> ReceiveOne(Receiver<int>& receive) {
    received_ = co_await receive.Receive();
    has_ended_ = true;
  }

  bool has_ended_ = false;
  absl::Status sent_;
  std::optional<int> received_;
};

TEST(ChannelCloseTest, OwnSenderWhileItWaits) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    Waiting sender(nursery, send, 1);
    co_await LetOthersRun();
    EXPECT_FALSE(sender.has_ended());

    send.Close();
    co_await LetOthersRun();

    EXPECT_TRUE(IsClosedResource(sender.sent())) << sender.sent();
    EXPECT_TRUE(IsClosedResource(send.TrySend(2)));
    absl::Status again = co_await send.Send(3);
    EXPECT_TRUE(IsClosedResource(again)) << again;
    EXPECT_TRUE(IsEndOfStream(receive.TryReceive().status()));
  });
}

TEST(ChannelCloseTest, OwnReceiverWhileItWaits) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    Waiting receiver(nursery, receive);
    co_await LetOthersRun();
    EXPECT_FALSE(receiver.has_ended());

    receive.Close();
    co_await LetOthersRun();

    EXPECT_TRUE(receiver.has_ended());
    EXPECT_FALSE(receiver.received().has_value());
    EXPECT_TRUE(IsClosedResource(receive.TryReceive().status()));
    EXPECT_FALSE((co_await receive.Receive()).has_value());
    EXPECT_TRUE(IsBrokenResource(send.TrySend(1)));
  });
}

TEST(ChannelCloseTest, LastReceiverWhileSendersWait) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(1);
    Sender<int> other = send.Clone();
    EXPECT_THAT(send.TrySend(0), IsOk());
    Waiting a(nursery, send, 1);
    Waiting b(nursery, other, 2);
    co_await LetOthersRun();

    receive.Close();
    co_await LetOthersRun();

    EXPECT_TRUE(IsBrokenResource(a.sent())) << a.sent();
    EXPECT_TRUE(IsBrokenResource(b.sent())) << b.sent();
    EXPECT_TRUE(IsBrokenResource(send.TrySend(3)));
    absl::Status again = co_await send.Send(4);
    EXPECT_TRUE(IsBrokenResource(again)) << again;
    EXPECT_EQ(send.statistics().buffer_used, 0u);
  });
}

TEST(ChannelCloseTest, LastSenderWhileReceiversWait) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(1);
    Receiver<int> other = receive.Clone();
    Waiting a(nursery, receive);
    Waiting b(nursery, other);
    co_await LetOthersRun();

    send.Close();
    co_await LetOthersRun();

    EXPECT_TRUE(a.has_ended() && b.has_ended());
    EXPECT_FALSE(a.received().has_value() || b.received().has_value());
    EXPECT_TRUE(IsEndOfStream(receive.TryReceive().status()));
    EXPECT_FALSE((co_await other.Receive()).has_value());
  });
}

TEST(ChannelCloseTest, WhatWasSentBeforeTheEndIsReceived) {
  InRun([]() -> Task<> {
    auto [send, receive] = MakeChannel<int>(2);
    EXPECT_THAT(send.TrySend(1), IsOk());
    EXPECT_THAT(send.TrySend(2), IsOk());
    send.Close();

    EXPECT_EQ(co_await receive.Receive(), 1);
    EXPECT_EQ(*receive.TryReceive(), 2);
    EXPECT_FALSE((co_await receive.Receive()).has_value());
  });
}

// That this side is closed says more than that the other is.
TEST(ChannelCloseTest, OwnCloseIsLookedAtFirst) {
  auto [send, receive] = MakeChannel<int>(1);
  send.Close();
  receive.Close();

  EXPECT_TRUE(IsClosedResource(send.TrySend(1)));
  EXPECT_TRUE(IsClosedResource(receive.TryReceive().status()));
}

// Trio: test_close_multiple_send_handles.
TEST(ChannelCloseTest, ClonesOfASenderAreIndependent) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    Sender<int> other = send.Clone();
    Waiting a(nursery, send, 1);
    Waiting b(nursery, other, 2);
    co_await LetOthersRun();

    send.Close();
    EXPECT_EQ(co_await receive.Receive(), 2);
    co_await LetOthersRun();

    EXPECT_TRUE(IsClosedResource(a.sent())) << a.sent();
    EXPECT_THAT(b.sent(), IsOk()) << b.sent();
    EXPECT_TRUE(IsWouldBlock(receive.TryReceive().status()));
  });
}

// Trio: test_close_multiple_send_handles.
TEST(ChannelCloseTest, ClonesOfAReceiverAreIndependent) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    Receiver<int> other = receive.Clone();
    Waiting a(nursery, receive);
    Waiting b(nursery, other);
    co_await LetOthersRun();

    receive.Close();
    EXPECT_THAT(send.TrySend(5), IsOk());
    co_await LetOthersRun();

    EXPECT_TRUE(a.has_ended());
    EXPECT_FALSE(a.received().has_value());
    EXPECT_EQ(b.received(), 5);
  });
}

TEST(ChannelCloseTest, SeveralWhoWaitOnOneHandle) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    Sender<int> other = send.Clone();
    Waiting a(nursery, send, 1);
    Waiting b(nursery, other, 2);
    Waiting c(nursery, send, 3);
    co_await LetOthersRun();

    send.Close();
    co_await LetOthersRun();

    EXPECT_TRUE(IsClosedResource(a.sent()));
    EXPECT_FALSE(b.has_ended());
    EXPECT_TRUE(IsClosedResource(c.sent()));
    EXPECT_EQ(*receive.TryReceive(), 2);
    co_await LetOthersRun();
    EXPECT_TRUE(b.has_ended());
  });
}

TEST(ChannelCloseTest, MovingAHandleTakesThoseWhoWaitAlong) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    Waiting a(nursery, send, 1);
    Waiting b(nursery, send, 2);
    co_await LetOthersRun();

    Sender<int> moved = std::move(send);
    send.Close();
    EXPECT_EQ(*receive.TryReceive(), 1);
    moved.Close();
    co_await LetOthersRun();

    EXPECT_THAT(a.sent(), IsOk()) << a.sent();
    EXPECT_TRUE(IsClosedResource(b.sent())) << b.sent();
  });
}

TEST(ChannelCloseTest, TheDestructorCloses) {
  InNursery([](Nursery& nursery) -> Task<> {
    auto [send, receive] = MakeChannel<int>(0);
    auto kept = std::make_unique<Sender<int>>(std::move(send));
    Waiting sender(nursery, *kept, 1);
    co_await LetOthersRun();

    kept.reset();
    co_await LetOthersRun();

    EXPECT_TRUE(IsClosedResource(sender.sent())) << sender.sent();
    EXPECT_TRUE(IsEndOfStream(receive.TryReceive().status()));
  });
}

TEST(ChannelCloseTest, ACloneOfAClosedHandleIsClosed) {
  auto [send, receive] = MakeChannel<int>(1);
  send.Close();
  receive.Close();

  EXPECT_TRUE(send.Clone().is_closed());
  EXPECT_TRUE(receive.Clone().is_closed());
}

TEST(ChannelCloseTest, AssigningToAHandleClosesIt) {
  auto [send, receive] = MakeChannel<int>(1);
  auto [other_send, other_receive] = MakeChannel<int>(1);

  send = std::move(other_send);

  EXPECT_TRUE(IsEndOfStream(receive.TryReceive().status()));
  EXPECT_THAT(send.TrySend(1), IsOk());
  EXPECT_EQ(*other_receive.TryReceive(), 1);
}

}  // namespace
}  // namespace creche
