// SPDX-License-Identifier: Apache-2.0
//
// The checks of cancelled operations, of sends that wait, and of both
// directions at once.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "lib/testing/stream_checks.h"

namespace creche::internal {
namespace {

constexpr absl::Duration kAtOnce = absl::ZeroDuration();
constexpr size_t kMuch = size_t{1} << 20;

Task<> ACancelledReceiveTakesNothing(AnyStream& a, AnyStream& b) {
  char buffer[8];
  EXPECT_FALSE((co_await MoveOnAfter(absl::Seconds(1),
                                     b.ReceiveSome(absl::MakeSpan(buffer))))
                   .has_value());
  co_await ExpectCarries(a, b, "all of it");
}

Task<> ReceiveIsACancelPoint(AnyStream& a, AnyStream& b) {
  auto send = [&]() -> Task<> { co_await ExpectSends(a, "all of it"); };
  co_await Both(send, [&]() -> Task<> {
    co_await WaitAllTasksBlocked();
    char buffer[8];
    EXPECT_FALSE(
        (co_await MoveOnAfter(kAtOnce, b.ReceiveSome(absl::MakeSpan(buffer))))
            .has_value())
        << "a task that was cancelled has received";
    co_await ExpectReceives(b, "all of it");
  });
}

Task<> SendIsACancelPoint(AnyStream& a, AnyStream& b) {
  EXPECT_FALSE(
      (co_await MoveOnAfter(kAtOnce, a.SendAll("nothing"))).has_value())
      << "a task that was cancelled has sent";
  co_await ExpectCarries(a, b, "something");
}

Task<> TimeoutsLoseNothing(AnyStream& a, AnyStream& b) {
  const std::string data = Noise(300);
  auto send = [&]() -> Task<> {
    for (size_t at = 0; at < data.size(); at += 3) {
      co_await SleepFor(absl::Milliseconds(at % 7));
      co_await ExpectSends(a, data.substr(at, 3));
    }
  };
  co_await Both(send, [&]() -> Task<> {
    std::string received;
    while (received.size() < data.size()) {
      char buffer[2];
      std::optional<absl::StatusOr<size_t>> size = co_await MoveOnAfter(
          absl::Milliseconds(2), b.ReceiveSome(absl::MakeSpan(buffer)));
      if (!size.has_value()) continue;
      CO_ASSERT_OK(*size);
      CO_ASSERT_NE(**size, 0);
      received.append(buffer, **size);
    }
    EXPECT_TRUE(received == data);
  });
}

Task<> ACancelledReceiveIsNotBusy(AnyStream& a, AnyStream& b) {
  for (int i = 0; i < 3; ++i) {
    char buffer[8];
    std::optional<absl::StatusOr<size_t>> size = co_await MoveOnAfter(
        absl::Milliseconds(1), b.ReceiveSome(absl::MakeSpan(buffer)));
    EXPECT_FALSE(size.has_value());
  }
  co_await ExpectCarries(a, b, "free");
}

Task<> ClosesWithACancelledReceive(AnyStream& a, AnyStream& b) {
  CancelScope scope;
  auto receive = [&]() -> Task<> {
    char buffer[8];
    auto receive_some = [&]() -> Task<> {
      (co_await b.ReceiveSome(absl::MakeSpan(buffer))).status().IgnoreError();
    };
    co_await scope.Run(receive_some);
  };
  co_await Both(receive, [&]() -> Task<> {
    co_await WaitAllTasksBlocked();
    scope.Cancel();
    b.Close();
    a.Close();
  });
}

// A send that waits, for as long as `meanwhile` runs. Gives its status.
template <typename Meanwhile>
Task<absl::Status> SendMuch(AnyStream& stream, Meanwhile meanwhile) {
  const std::string much = Noise(kMuch);
  absl::Status status;
  auto send = [&]() -> Task<> { status = co_await stream.SendAll(much); };
  co_await Both(send, [&]() -> Task<> {
    co_await WaitAllTasksBlocked();
    co_await meanwhile();
  });
  co_return status;
}

Task<> SendWaitsForTheReceiver(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    co_await ExpectReceives(b, Noise(kMuch));
  };
  EXPECT_THAT(co_await SendMuch(a, receive), IsOk());
}

Task<> RefusesASecondSender(AnyStream& a, AnyStream& b) {
  auto second = [&]() -> Task<> {
    EXPECT_TRUE(IsBusyResource(co_await a.SendAll("second")));
    co_await ExpectReceives(b, Noise(kMuch));
  };
  EXPECT_THAT(co_await SendMuch(a, second), IsOk());
}

Task<> RefusesSendEofWhileSending(AnyStream& a, AnyStream& b) {
  auto end = [&]() -> Task<> {
    EXPECT_TRUE(IsBusyResource(co_await a.SendEof()));
    co_await ExpectReceives(b, Noise(kMuch));
  };
  EXPECT_THAT(co_await SendMuch(a, end), IsOk());
}

Task<> CloseWakesItsSender(AnyStream& a, AnyStream& /*b*/) {
  auto close = [&]() -> Task<> {
    a.Close();
    co_return;
  };
  const absl::Status status = co_await SendMuch(a, close);
  EXPECT_TRUE(IsClosedResource(status)) << status;
}

Task<> CloseWakesThePeersSender(AnyStream& a, AnyStream& b) {
  auto close = [&]() -> Task<> {
    b.Close();
    co_return;
  };
  const absl::Status status = co_await SendMuch(a, close);
  EXPECT_TRUE(IsBrokenResource(status)) << status;
}

// What comes before the end, or before the error that says that there is none.
struct Received {
  std::string bytes;
  absl::Status status;
};

Task<Received> ReceiveToEndOrError(AnyStream& stream) {
  Received received;
  for (;;) {
    char buffer[4096];
    const absl::StatusOr<size_t> size =
        co_await stream.ReceiveSome(absl::MakeSpan(buffer));
    received.status = size.status();
    if (!size.ok() || *size == 0) co_return received;
    received.bytes.append(buffer, *size);
  }
}

// A send that is cancelled while it waits for the receiver.
Task<> CutASend(AnyStream& stream, const std::string& data) {
  EXPECT_FALSE((co_await MoveOnAfter(absl::Seconds(1), stream.SendAll(data)))
                   .has_value());
}

template <bool kEndsNeedNotice>
Task<> ACancelledSendLeavesNoGap(AnyStream& a, AnyStream& b) {
  const std::string much = Noise(kMuch);
  co_await CutASend(a, much);
  // Either nothing was sent, or a part: then nothing can follow it.
  absl::Status next;
  auto send = [&]() -> Task<> {
    next = co_await a.SendAll("next");
    EXPECT_TRUE(next.ok() || IsBrokenResource(next)) << next;
    a.Close();
  };
  co_await Both(send, [&]() -> Task<> {
    const Received received = co_await ReceiveToEndOrError(b);
    if (kEndsNeedNotice && !next.ok()) {
      EXPECT_TRUE(IsBrokenResource(received.status)) << received.status;
    } else {
      EXPECT_THAT(received.status, IsOk());
    }
    EXPECT_TRUE(received.bytes == "next" ||
                received.bytes == much.substr(0, received.bytes.size()))
        << "something was sent after a part of something else";
  });
}

template <bool kEndsNeedNotice>
Task<> ACutSendHasNoEnd(AnyStream& a, AnyStream& b) {
  const std::string much = Noise(kMuch);
  co_await CutASend(a, much);
  const absl::Status ended = co_await a.SendEof();
  EXPECT_TRUE(ended.ok() || IsBrokenResource(ended)) << ended;
  a.Close();
  const Received received = co_await ReceiveToEndOrError(b);
  if (kEndsNeedNotice && !ended.ok()) {
    EXPECT_TRUE(IsBrokenResource(received.status)) << received.status;
  } else {
    EXPECT_THAT(received.status, IsOk());
    EXPECT_EQ(received.bytes.empty(), ended.ok())
        << "a part of something was sent, and then the end";
  }
}

Task<> CarriesBothWaysAtOnce(AnyStream& a, AnyStream& b) {
  const std::string data = Noise(kMuch);
  co_await Both([&]() -> Task<> { co_await ExpectCarries(a, b, data); },
                [&]() -> Task<> { co_await ExpectCarries(b, a, data); });
}

Task<> PlaysPingPong(AnyStream& a, AnyStream& b) {
  auto echo = [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) {
      co_await ExpectReceives(b, "ping");
      co_await ExpectSends(b, "pong");
    }
  };
  co_await Both(echo, [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) {
      co_await ExpectSends(a, "ping");
      co_await ExpectReceives(a, "pong");
    }
  });
}

Task<> SendsWhileItReceives(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> { co_await ExpectReceives(a, "answer"); };
  co_await Both(receive, [&]() -> Task<> {
    co_await WaitAllTasksBlocked();
    co_await ExpectCarries(a, b, "question");
    co_await ExpectSends(b, "answer");
  });
}

Task<> SendsAfterACancelledReceive(AnyStream& a, AnyStream& b) {
  char buffer[8];
  EXPECT_FALSE((co_await MoveOnAfter(absl::Seconds(1),
                                     a.ReceiveSome(absl::MakeSpan(buffer))))
                   .has_value());
  co_await ExpectCarries(a, b, "forth");
  co_await ExpectCarries(b, a, "back");
}

Task<> CloseWakesBothItsTasks(AnyStream& a, AnyStream& b) {
  auto close_later = [&]() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    a.Close();
  };
  auto receive = [&]() -> Task<> {
    char buffer[8];
    const auto size = co_await a.ReceiveSome(absl::MakeSpan(buffer));
    EXPECT_TRUE(IsClosedResource(size.status())) << size.status();
  };
  co_await Both(close_later, receive);
  EXPECT_EQ(co_await ReceiveToEnd(b), "");
}

}  // namespace

std::vector<StreamCheck> CancellationChecks() {
  return {
      {"ACancelledReceiveTakesNothing", ACancelledReceiveTakesNothing},
      {"ReceiveIsACancelPoint", ReceiveIsACancelPoint},
      {"SendIsACancelPoint", SendIsACancelPoint},
      {"TimeoutsLoseNothing", TimeoutsLoseNothing},
      {"ACancelledReceiveIsNotBusy", ACancelledReceiveIsNotBusy},
      {"ClosesWithACancelledReceive", ClosesWithACancelledReceive},
  };
}

std::vector<StreamCheck> CloggedChecks() {
  return {
      {"SendWaitsForTheReceiver", SendWaitsForTheReceiver},
      {"RefusesASecondSender", RefusesASecondSender},
      {"RefusesSendEofWhileSending", RefusesSendEofWhileSending},
      {"CloseWakesItsSender", CloseWakesItsSender},
      {"CloseWakesThePeersSender", CloseWakesThePeersSender},
  };
}

std::vector<StreamCheck> CutChecks(bool ends_need_notice) {
  if (ends_need_notice) {
    return {
        {"ACancelledSendLeavesNoGap", ACancelledSendLeavesNoGap<true>},
        {"ACutSendHasNoEnd", ACutSendHasNoEnd<true>},
    };
  }
  return {
      {"ACancelledSendLeavesNoGap", ACancelledSendLeavesNoGap<false>},
      {"ACutSendHasNoEnd", ACutSendHasNoEnd<false>},
  };
}

std::vector<StreamCheck> TwoWayChecks() {
  return {
      {"CarriesBothWaysAtOnce", CarriesBothWaysAtOnce},
      {"PlaysPingPong", PlaysPingPong},
      {"SendsWhileItReceives", SendsWhileItReceives},
      {"SendsAfterACancelledReceive", SendsAfterACancelledReceive},
      {"CloseWakesBothItsTasks", CloseWakesBothItsTasks},
  };
}

}  // namespace creche::internal
