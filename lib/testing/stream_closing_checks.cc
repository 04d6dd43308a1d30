// SPDX-License-Identifier: Apache-2.0
//
// The checks of what Close() and SendEof() do.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "lib/testing/stream_checks.h"

namespace creche::internal {
namespace {

Task<absl::Status> ReceiveStatus(AnyStream& stream) {
  char buffer[16];
  co_return (co_await stream.ReceiveSome(absl::MakeSpan(buffer))).status();
}

// Runs `wait` as a task, then calls `act` while it waits.
template <typename Wait, typename Act>
Task<> WhileItWaits(Wait wait, Act act) {
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(wait);
    co_await WaitAllTasksBlocked();
    act();
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
}

Task<> EndsAfterWhatWasSent(AnyStream& a, AnyStream& b) {
  auto send = [&]() -> Task<> {
    co_await ExpectSends(a, "the last words");
    a.Close();
  };
  co_await Both(send, [&]() -> Task<> {
    EXPECT_EQ(co_await ReceiveToEnd(b), "the last words");
  });
}

Task<> StaysAtTheEnd(AnyStream& a, AnyStream& b) {
  a.Close();
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
}

Task<> CloseEndsAPeersReceive(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> { EXPECT_EQ(co_await ReceiveToEnd(b), ""); };
  co_await WhileItWaits(receive, [&] { a.Close(); });
}

Task<> DestructionIsClosing(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> { EXPECT_EQ(co_await ReceiveToEnd(b), ""); };
  co_await WhileItWaits(receive, [&] { AnyStream gone(std::move(a)); });
}

Task<> RefusesToSendAfterClose(AnyStream& a, AnyStream& /*b*/) {
  a.Close();
  EXPECT_TRUE(IsClosedResource(co_await a.SendAll("x")));
}

Task<> RefusesToSendNothingAfterClose(AnyStream& a, AnyStream& /*b*/) {
  a.Close();
  EXPECT_TRUE(IsClosedResource(co_await a.SendAll("")));
}

Task<> RefusesToReceiveAfterClose(AnyStream& /*a*/, AnyStream& b) {
  b.Close();
  EXPECT_TRUE(IsClosedResource(co_await ReceiveStatus(b)));
}

Task<> RefusesToReceiveWhatHadCome(AnyStream& a, AnyStream& b) {
  auto send = [&]() -> Task<> {
    (co_await a.SendAll("for nobody")).IgnoreError();
  };
  co_await WhileItWaits(send, [&] { b.Close(); });
  EXPECT_TRUE(IsClosedResource(co_await ReceiveStatus(b)));
}

Task<> ClosesTwice(AnyStream& a, AnyStream& b) {
  a.Close();
  a.Close();
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
}

Task<> CloseWakesItsReceiver(AnyStream& /*a*/, AnyStream& b) {
  auto receive = [&]() -> Task<> {
    EXPECT_TRUE(IsClosedResource(co_await ReceiveStatus(b)));
  };
  co_await WhileItWaits(receive, [&] { b.Close(); });
}

Task<> DestructionWakesItsReceiver(AnyStream& /*a*/, AnyStream& b) {
  auto receive = [&]() -> Task<> {
    EXPECT_TRUE(IsClosedResource(co_await ReceiveStatus(b)));
  };
  co_await WhileItWaits(receive, [&] { AnyStream gone(std::move(b)); });
}

// The network may take a while to tell.
Task<absl::Status> SendUntilItFails(AnyStream& stream) {
  for (int i = 0; i < 1000; ++i) {
    absl::Status status = co_await stream.SendAll("is anybody there?");
    if (!status.ok()) co_return status;
    co_await SleepFor(absl::Milliseconds(1));
  }
  co_return absl::OkStatus();
}

Task<> FailsToSendToAClosedPeer(AnyStream& a, AnyStream& b) {
  b.Close();
  const absl::Status status = co_await SendUntilItFails(a);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
}

Task<> StaysBroken(AnyStream& a, AnyStream& b) {
  b.Close();
  (co_await SendUntilItFails(a)).IgnoreError();
  EXPECT_TRUE(IsBrokenResource(co_await a.SendAll("x")));
  EXPECT_TRUE(IsBrokenResource(co_await a.SendAll("y")));
}

Task<> ClosesABrokenStream(AnyStream& a, AnyStream& b) {
  b.Close();
  (co_await SendUntilItFails(a)).IgnoreError();
  a.Close();
  EXPECT_TRUE(IsClosedResource(co_await a.SendAll("x")));
}

Task<> SendEofEndsThePeersReceive(AnyStream& a, AnyStream& b) {
  CO_ASSERT_OK(co_await a.SendEof());
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
}

Task<> SendEofWakesThePeer(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> { EXPECT_EQ(co_await ReceiveToEnd(b), ""); };
  auto end = [&]() -> Task<> {
    co_await WaitAllTasksBlocked();
    CO_ASSERT_OK(co_await a.SendEof());
  };
  co_await Both(receive, end);
}

Task<> SendEofComesAfterWhatWasSent(AnyStream& a, AnyStream& b) {
  auto send = [&]() -> Task<> {
    co_await ExpectSends(a, "the last words");
    CO_ASSERT_OK(co_await a.SendEof());
  };
  co_await Both(send, [&]() -> Task<> {
    EXPECT_EQ(co_await ReceiveToEnd(b), "the last words");
  });
}

Task<> ReceivesAfterSendEof(AnyStream& a, AnyStream& b) {
  CO_ASSERT_OK(co_await a.SendEof());
  co_await ExpectCarries(b, a, "still here");
}

Task<> RefusesToSendAfterSendEof(AnyStream& a, AnyStream& /*b*/) {
  CO_ASSERT_OK(co_await a.SendEof());
  EXPECT_TRUE(IsClosedResource(co_await a.SendAll("x")));
}

Task<> SendsEofTwice(AnyStream& a, AnyStream& b) {
  CO_ASSERT_OK(co_await a.SendEof());
  CO_ASSERT_OK(co_await a.SendEof());
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
}

Task<> RefusesSendEofAfterClose(AnyStream& a, AnyStream& /*b*/) {
  a.Close();
  EXPECT_TRUE(IsClosedResource(co_await a.SendEof()));
}

Task<> EndsBothDirections(AnyStream& a, AnyStream& b) {
  CO_ASSERT_OK(co_await a.SendEof());
  CO_ASSERT_OK(co_await b.SendEof());
  EXPECT_EQ(co_await ReceiveToEnd(a), "");
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
}

Task<> RepliesAfterTheEnd(AnyStream& a, AnyStream& b) {
  auto ask = [&]() -> Task<> {
    co_await ExpectSends(a, "what?");
    CO_ASSERT_OK(co_await a.SendEof());
    EXPECT_EQ(co_await ReceiveToEnd(a), "that!");
  };
  co_await Both(ask, [&]() -> Task<> {
    EXPECT_EQ(co_await ReceiveToEnd(b), "what?");
    co_await ExpectSends(b, "that!");
    b.Close();
  });
}

}  // namespace

std::vector<StreamCheck> ClosingChecks() {
  return {
      {"EndsAfterWhatWasSent", EndsAfterWhatWasSent},
      {"StaysAtTheEnd", StaysAtTheEnd},
      {"CloseEndsAPeersReceive", CloseEndsAPeersReceive},
      {"DestructionIsClosing", DestructionIsClosing},
      {"RefusesToSendAfterClose", RefusesToSendAfterClose},
      {"RefusesToSendNothingAfterClose", RefusesToSendNothingAfterClose},
      {"RefusesToReceiveAfterClose", RefusesToReceiveAfterClose},
      {"RefusesToReceiveWhatHadCome", RefusesToReceiveWhatHadCome},
      {"ClosesTwice", ClosesTwice},
      {"CloseWakesItsReceiver", CloseWakesItsReceiver},
      {"DestructionWakesItsReceiver", DestructionWakesItsReceiver},
      {"FailsToSendToAClosedPeer", FailsToSendToAClosedPeer},
      {"StaysBroken", StaysBroken},
      {"ClosesABrokenStream", ClosesABrokenStream},
  };
}

std::vector<StreamCheck> HalfCloseChecks() {
  return {
      {"SendEofEndsThePeersReceive", SendEofEndsThePeersReceive},
      {"SendEofWakesThePeer", SendEofWakesThePeer},
      {"SendEofComesAfterWhatWasSent", SendEofComesAfterWhatWasSent},
      {"ReceivesAfterSendEof", ReceivesAfterSendEof},
      {"RefusesToSendAfterSendEof", RefusesToSendAfterSendEof},
      {"SendsEofTwice", SendsEofTwice},
      {"RefusesSendEofAfterClose", RefusesSendEofAfterClose},
      {"EndsBothDirections", EndsBothDirections},
      {"RepliesAfterTheEnd", RepliesAfterTheEnd},
  };
}

}  // namespace creche::internal
