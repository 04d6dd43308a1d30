// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/memory_stream.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/io/byte_stream.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

static_assert(ByteStream<MemoryStream>);
static_assert(ByteStream<AnyStream>);
static_assert(!ByteStream<int>);

TEST(MemoryStreamTest, IsAByteStream) {
  CheckHalfCloseableStream([] { return MemoryStreamPair(); },
                           [] { return MemoryStreamPair(100); });
}

TEST(LockstepStreamTest, IsAByteStream) {
  CheckHalfCloseableStream([] { return LockstepStreamPair(); },
                           [] { return LockstepStreamPair(); });
}

CRECHE_TEST(MemoryStreamTest, CountsWhatIsUnread) {
  auto [a, b] = MemoryStreamPair();
  CO_ASSERT_OK(co_await a.SendAll("hello"));
  char buffer[2];
  CO_ASSERT_OK(co_await b.ReceiveSome(absl::MakeSpan(buffer)));

  EXPECT_EQ(b.unread(), 3);
}

CRECHE_TEST(MemoryStreamTest, TriesToSend) {
  auto [a, b] = MemoryStreamPair(/*capacity=*/4);
  EXPECT_EQ(a.TrySend("hello"), 4);
  EXPECT_EQ(a.TrySend("o"), 0);
  char buffer[8];
  EXPECT_THAT(co_await b.ReceiveSome(absl::MakeSpan(buffer)), IsOkAndHolds(4));
  EXPECT_EQ(a.TrySend("o"), 1);
  CO_ASSERT_OK(co_await a.SendEof());
  EXPECT_EQ(a.TrySend("x"), 0);
  a.Close();
  EXPECT_EQ(b.TrySend("x"), 0);
}

CRECHE_TEST(MemoryStreamTest, WhatIsTriedWakesTheReceiver) {
  auto [a, b] = MemoryStreamPair();
  auto receive = [&]() -> Task<> {
    char buffer[8];
    EXPECT_THAT(co_await b.ReceiveSome(absl::MakeSpan(buffer)),
                IsOkAndHolds(5));
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(receive);
    co_await WaitAllTasksBlocked();
    EXPECT_EQ(a.TrySend("hello"), 5);
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

TEST(LockstepStreamTest, HasNoRoomForATry) {
  auto [a, b] = LockstepStreamPair();
  EXPECT_EQ(a.TrySend("hello"), 0);
}

TEST(MemoryStreamTest, CanBeCancelledEverywhere) {
  auto receive = [](MemoryStream stream) -> Task<> {
    char buffer[3];
    while ((co_await stream.ReceiveSome(absl::MakeSpan(buffer))).value() > 0) {
    }
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto [a, b] = MemoryStreamPair(2);
    nursery.StartSoon(receive, std::move(b));
    co_await Try(a.SendAll("hello"));
    co_return co_await a.SendEof();
  };
  CancelEverywhere(
      [&]() -> Task<absl::Status> { co_return co_await WithNursery(body); });
}

static_assert(HasAbort<MemoryStream>);
static_assert(HasAbort<AnyStream>);

// A way to tell the peer that what it has got is not the whole.
Task<> AbortWhileThePeerReceives(AnyStream a, AnyStream b) {
  char buffer[2];
  auto receive = [&]() -> Task<> {
    EXPECT_THAT(co_await b.ReceiveSome(absl::MakeSpan(buffer)),
                IsOkAndHolds(2));
    const absl::StatusOr<size_t> more =
        co_await b.ReceiveSome(absl::MakeSpan(buffer));
    EXPECT_TRUE(IsBrokenResource(more.status())) << more.status();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(receive);
    (co_await a.SendAll("ha")).IgnoreError();
    co_await WaitAllTasksBlocked();
    a.Abort();
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
  const absl::Status sent = co_await b.SendAll("x");
  EXPECT_TRUE(IsBrokenResource(sent)) << sent;
}

CRECHE_TEST(MemoryStreamTest, AbortBreaksThePeersStream) {
  auto [a, b] = MemoryStreamPair();
  co_await AbortWhileThePeerReceives(AnyStream(std::move(a)),
                                     AnyStream(std::move(b)));
  auto [c, d] = LockstepStreamPair();
  co_await AbortWhileThePeerReceives(AnyStream(std::move(c)),
                                     AnyStream(std::move(d)));
}

CRECHE_TEST(MemoryStreamTest, AbortLosesWhatThePeerHasNotReceived) {
  auto [a, b] = MemoryStreamPair();
  CO_ASSERT_OK(co_await a.SendAll("half"));
  CO_ASSERT_OK(co_await a.SendEof());
  a.Abort();
  EXPECT_EQ(b.unread(), 0);
  char buffer[4];
  const absl::StatusOr<size_t> received =
      co_await b.ReceiveSome(absl::MakeSpan(buffer));
  EXPECT_TRUE(IsBrokenResource(received.status())) << received.status();
}

CRECHE_TEST(MemoryStreamTest, AbortClosesForItsOwnTasks) {
  auto [a, b] = MemoryStreamPair(/*capacity=*/1);
  absl::Status received;
  absl::Status sent;
  auto receive = [&]() -> Task<> {
    char buffer[1];
    received = (co_await a.ReceiveSome(absl::MakeSpan(buffer))).status();
  };
  auto send = [&]() -> Task<> { sent = co_await a.SendAll("much"); };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(receive);
    nursery.StartSoon(send);
    co_await WaitAllTasksBlocked();
    a.Abort();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_TRUE(IsClosedResource(received)) << received;
  EXPECT_TRUE(IsClosedResource(sent)) << sent;
}

CRECHE_TEST(MemoryStreamTest, AbortOfAClosedStreamDoesNothing) {
  auto [a, b] = MemoryStreamPair();
  CO_ASSERT_OK(co_await a.SendAll("whole"));
  a.Close();
  a.Abort();
  char buffer[5];
  EXPECT_THAT(co_await b.ReceiveSome(absl::MakeSpan(buffer)), IsOkAndHolds(5));
  EXPECT_THAT(co_await b.ReceiveSome(absl::MakeSpan(buffer)), IsOkAndHolds(0));
}

// A stream that takes a byte off what is received now and then.
class LossyStream {
 public:
  explicit LossyStream(MemoryStream stream) : stream_(std::move(stream)) {}

  Task<absl::StatusOr<size_t>> ReceiveSome(absl::Span<char> buffer) {
    absl::StatusOr<size_t> size = co_await stream_.ReceiveSome(buffer);
    if (size.ok() && *size > 3) co_return *size - 1;
    co_return size;
  }
  Task<absl::Status> SendAll(absl::string_view data) {
    co_return co_await stream_.SendAll(data);
  }
  Task<absl::Status> SendEof() { co_return co_await stream_.SendEof(); }
  void Close() { stream_.Close(); }

 private:
  MemoryStream stream_;
};

TEST(CheckStreamTest, FindsALostByteAndNamesTheCheck) {
  const std::string failures = FailuresOf([] {
    CheckOneWayStream([] {
      auto [a, b] = MemoryStreamPair();
      return std::pair<LossyStream, LossyStream>(LossyStream(std::move(a)),
                                                 LossyStream(std::move(b)));
    });
  });

  EXPECT_THAT(failures, HasSubstr("check of the stream: EndsAfterWhatWasSent"));
}

TEST(CheckStreamTest, TakesAMakerThatWaits) {
  CheckTwoWayStream([]() -> Task<std::pair<MemoryStream, MemoryStream>> {
    co_await Checkpoint();
    co_return MemoryStreamPair();
  });
}

}  // namespace
}  // namespace creche
