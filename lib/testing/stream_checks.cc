// SPDX-License-Identifier: Apache-2.0
//
// The checks of what goes from one end to the other.

#include "lib/testing/stream_checks.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/wait_all_tasks_blocked.h"

namespace creche::internal {

Task<> ExpectReceives(AnyStream& stream, std::string expected) {
  std::string received;
  while (received.size() < expected.size()) {
    char buffer[4096];
    const absl::StatusOr<size_t> size =
        co_await stream.ReceiveSome(absl::MakeSpan(buffer).first(
            std::min(sizeof(buffer), expected.size() - received.size())));
    CO_ASSERT_OK(size);
    CO_ASSERT_NE(*size, 0) << "the stream has ended after '" << received << "'";
    received.append(buffer, *size);
  }
  EXPECT_TRUE(received == expected) << "other bytes have come than were sent";
}

Task<std::string> ReceiveToEnd(AnyStream& stream) {
  std::string received;
  for (;;) {
    char buffer[4096];
    const absl::StatusOr<size_t> size =
        co_await stream.ReceiveSome(absl::MakeSpan(buffer));
    CO_ASSERT_OK(size);
    if (*size == 0) co_return received;
    received.append(buffer, *size);
  }
}

Task<> ExpectSends(AnyStream& stream, std::string data) {
  EXPECT_THAT(co_await stream.SendAll(data), IsOk());
}

Task<> ExpectCarries(AnyStream& from, AnyStream& to, std::string data) {
  co_await Both([&]() -> Task<> { co_await ExpectSends(from, data); },
                [&]() -> Task<> { co_await ExpectReceives(to, data); });
}

std::string Noise(size_t size) {
  std::string noise(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : noise) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return noise;
}

namespace {

Task<> DeliversWhatIsSent(AnyStream& a, AnyStream& b) {
  co_await ExpectCarries(a, b, "hello");
}

Task<> KeepsTheOrder(AnyStream& a, AnyStream& b) {
  auto send = [&]() -> Task<> {
    co_await ExpectSends(a, "one ");
    co_await ExpectSends(a, "two ");
    co_await ExpectSends(a, "three");
  };
  co_await Both(
      send, [&]() -> Task<> { co_await ExpectReceives(b, "one two three"); });
}

Task<> ReceivesNoMoreThanFits(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> {
    for (const char expected : {'a', 'b', 'c'}) {
      char buffer[2] = {'?', '#'};
      const absl::StatusOr<size_t> size =
          co_await b.ReceiveSome(absl::MakeSpan(buffer).first(1));
      CO_ASSERT_THAT(size, IsOkAndHolds(1));
      EXPECT_EQ(buffer[0], expected);
      EXPECT_EQ(buffer[1], '#') << "it has written beyond the buffer";
    }
  };
  co_await Both([&]() -> Task<> { co_await ExpectSends(a, "abc"); }, receive);
}

Task<> ReceivesIntoALargerBuffer(AnyStream& a, AnyStream& b) {
  auto receive = [&]() -> Task<> {
    char buffer[100];
    EXPECT_THAT(co_await b.ReceiveSome(absl::MakeSpan(buffer)),
                IsOkAndHolds(1));
    EXPECT_EQ(buffer[0], 'x');
  };
  co_await Both([&]() -> Task<> { co_await ExpectSends(a, "x"); }, receive);
}

Task<> CarriesEveryByte(AnyStream& a, AnyStream& b) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  co_await ExpectCarries(a, b, all);
}

Task<> SendsNothing(AnyStream& a, AnyStream& b) {
  co_await ExpectSends(a, "");
  co_await ExpectCarries(a, b, "x");
}

Task<> ReceiveWaitsForBytes(AnyStream& a, AnyStream& b) {
  bool received = false;
  auto receive = [&]() -> Task<> {
    co_await ExpectReceives(b, "late");
    received = true;
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(receive);
    co_await WaitAllTasksBlocked();
    EXPECT_FALSE(received);
    co_await ExpectSends(a, "late");
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_TRUE(received);
}

Task<> CarriesAMebibyte(AnyStream& a, AnyStream& b) {
  co_await ExpectCarries(a, b, Noise(size_t{1} << 20));
}

Task<> CarriesManySmallPieces(AnyStream& a, AnyStream& b) {
  const std::string data = Noise(5000);
  auto send = [&]() -> Task<> {
    for (size_t at = 0, size = 1; at < data.size(); at += size, ++size) {
      co_await ExpectSends(a, data.substr(at, size));
      if (size % 7 == 0) co_await SleepFor(absl::Milliseconds(1));
    }
  };
  co_await Both(send, [&]() -> Task<> { co_await ExpectReceives(b, data); });
}

Task<> GoesOnWhereItIsMoved(AnyStream& a, AnyStream& b) {
  AnyStream moved = std::move(b);
  co_await ExpectCarries(a, moved, "moved");
}

Task<> RefusesASecondReceiver(AnyStream& a, AnyStream& b) {
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(ExpectReceives, std::ref(b), std::string("first"));
    co_await WaitAllTasksBlocked();
    char buffer[8];
    const absl::StatusOr<size_t> second =
        co_await b.ReceiveSome(absl::MakeSpan(buffer));
    EXPECT_TRUE(IsBusyResource(second.status())) << second.status();
    co_await ExpectSends(a, "first");
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  co_await ExpectCarries(a, b, "second");
}

}  // namespace

std::vector<StreamCheck> OneWayChecks() {
  return {
      {"DeliversWhatIsSent", DeliversWhatIsSent},
      {"KeepsTheOrder", KeepsTheOrder},
      {"ReceivesNoMoreThanFits", ReceivesNoMoreThanFits},
      {"ReceivesIntoALargerBuffer", ReceivesIntoALargerBuffer},
      {"CarriesEveryByte", CarriesEveryByte},
      {"SendsNothing", SendsNothing},
      {"ReceiveWaitsForBytes", ReceiveWaitsForBytes},
      {"CarriesAMebibyte", CarriesAMebibyte},
      {"CarriesManySmallPieces", CarriesManySmallPieces},
      {"GoesOnWhereItIsMoved", GoesOnWhereItIsMoved},
      {"RefusesASecondReceiver", RefusesASecondReceiver},
  };
}

}  // namespace creche::internal
