// SPDX-License-Identifier: Apache-2.0

#include "creche/io/buffered_writer.h"

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/any_stream.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// What there is to receive now.
Task<std::string> ReceiveNow(MemoryStream& stream) {
  std::string received;
  while (stream.unread() > 0) {
    char buffer[16];
    const absl::StatusOr<size_t> size =
        co_await stream.ReceiveSome(absl::MakeSpan(buffer));
    received.append(buffer, size.value());
  }
  co_return received;
}

CRECHE_TEST(BufferedWriterTest, KeepsWhatACancelledFlushDidNotSend) {
  auto [stream, peer] = MemoryStreamPair(4);
  BufferedWriter writer(stream);
  CO_ASSERT_OK(co_await stream.SendAll("full"));
  CO_ASSERT_OK(co_await writer.Write("AAAA"));
  auto flush = writer.Flush();
  EXPECT_FALSE(
      (co_await MoveOnAfter(absl::Seconds(1), std::move(flush))).has_value());
  EXPECT_EQ(writer.unsent(), 4U);
  EXPECT_EQ(co_await ReceiveNow(peer), "full");
  CO_ASSERT_OK(co_await writer.Write("BB"));
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(
        [&]() -> Task<absl::Status> { co_return co_await writer.Flush(); });
    co_await WaitAllTasksBlocked();
    EXPECT_EQ(co_await ReceiveNow(peer), "AAAABB");
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_EQ(writer.unsent(), 0U);
}

CRECHE_TEST(BufferedWriterTest, KeepsWhatAFlushWasRefused) {
  auto [stream, peer] = MemoryStreamPair(4);
  BufferedWriter writer(stream);
  CO_ASSERT_OK(co_await writer.Write("AA"));
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      co_return co_await stream.SendAll("somebody else's");
    });
    co_await WaitAllTasksBlocked();
    const absl::Status refused = co_await writer.Flush();
    EXPECT_TRUE(IsBusyResource(refused)) << refused;
    EXPECT_EQ(co_await ReceiveNow(peer), "somebody else's");
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  CO_ASSERT_OK(co_await writer.Write("BB"));
  CO_ASSERT_OK(co_await writer.Flush());
  EXPECT_EQ(co_await ReceiveNow(peer), "AABB");
}

CRECHE_TEST(BufferedWriterTest, RefusesToGoOnAfterAPart) {
  auto [stream, peer] = MemoryStreamPair(4);
  BufferedWriter writer(stream);
  CO_ASSERT_OK(co_await writer.Write("AAAAAA"));
  auto flush = writer.Flush();
  EXPECT_FALSE(
      (co_await MoveOnAfter(absl::Seconds(1), std::move(flush))).has_value());
  CO_ASSERT_OK(co_await writer.Write("BBBB"));
  const absl::Status refused = co_await writer.Flush();
  EXPECT_TRUE(IsBrokenResource(refused)) << refused;
  EXPECT_EQ(co_await ReceiveNow(peer), "AAAA");
}

CRECHE_TEST(BufferedWriterTest, AWriteThatIsCutShortKeepsNothing) {
  auto [stream, peer] = MemoryStreamPair(4);
  BufferedWriter writer(stream, /*capacity=*/4);
  CO_ASSERT_OK(co_await stream.SendAll("full"));
  CO_ASSERT_OK(co_await writer.Write("AA"));
  auto write = writer.Write("BB");
  EXPECT_FALSE(
      (co_await MoveOnAfter(absl::Seconds(1), std::move(write))).has_value());
  EXPECT_EQ(writer.unsent(), 2U);
  EXPECT_EQ(co_await ReceiveNow(peer), "full");
  CO_ASSERT_OK(co_await writer.Write("BB"));
  EXPECT_EQ(co_await ReceiveNow(peer), "AABB");
  peer.Close();
  const absl::Status broken = co_await writer.Write("CCCC");
  EXPECT_TRUE(IsBrokenResource(broken)) << broken;
  EXPECT_EQ(writer.unsent(), 0U);
}

CRECHE_TEST(BufferedWriterTest, RefusesASecondTaskWhileItSends) {
  auto [stream, peer] = MemoryStreamPair(4);
  BufferedWriter writer(stream);
  CO_ASSERT_OK(co_await writer.Write("AAAAAA"));
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(
        [&]() -> Task<absl::Status> { co_return co_await writer.Flush(); });
    co_await WaitAllTasksBlocked();
    EXPECT_TRUE(IsBusyResource(co_await writer.Write("BB")));
    EXPECT_TRUE(IsBusyResource(co_await writer.Flush()));
    EXPECT_EQ(co_await ReceiveNow(peer), "AAAAAA");
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

// Writes letters in pieces, each again until it is kept, with timeouts in
// between. Ends, with what it has tried to write, when all of it was sent or
// the stream refuses more.
Task<std::string> WriteWithTimeouts(AnyStream& stream, unsigned seed,
                                    bool& all_sent) {
  std::mt19937 random(seed);
  auto at_most = [&](unsigned n) { return random() % (n + 1); };
  BufferedWriter writer(stream, /*capacity=*/8);
  std::string tried;
  for (int piece = 0; piece < 20; ++piece) {
    const std::string data(at_most(6), static_cast<char>('a' + piece));
    tried += data;
    for (;;) {
      auto write = writer.Write(data);
      const std::optional<absl::Status> written = co_await MoveOnAfter(
          absl::Milliseconds(at_most(10)), std::move(write));
      if (written.has_value() && !written->ok()) co_return tried;
      if (written.has_value()) break;
    }
  }
  for (;;) {
    auto flush = writer.Flush();
    const std::optional<absl::Status> flushed =
        co_await MoveOnAfter(absl::Milliseconds(at_most(10)), std::move(flush));
    if (!flushed.has_value()) continue;
    all_sent = flushed->ok();
    co_return tried;
  }
}

Task<> ExpectAPrefixArrives(AnyStream& stream, MemoryStream& peer,
                            unsigned seed) {
  std::string tried;
  std::string received;
  bool all_sent = false;
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<> {
      tried = co_await WriteWithTimeouts(stream, seed, all_sent);
      stream.Close();
    });
    std::mt19937 random(seed + 1);
    for (;;) {
      co_await SleepFor(absl::Milliseconds(random() % 10));
      char buffer[5];
      const size_t size =
          (co_await peer.ReceiveSome(absl::MakeSpan(buffer))).value();
      if (size == 0) break;
      received.append(buffer, size);
    }
  };
  const absl::Status status = co_await WithNursery(body);
  EXPECT_THAT(status, IsOk());
  EXPECT_TRUE(absl::StartsWith(tried, received))
      << "seed " << seed << ": " << received << " of " << tried;
  if (all_sent) {
    EXPECT_EQ(received, tried) << "seed " << seed;
  }
}

CRECHE_TEST(BufferedWriterTest, ThePeerReceivesAPrefixOfWhatWasWritten) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    auto [stream, peer] = MemoryStreamPair(1 + seed % 12);
    AnyStream any(std::move(stream));
    co_await ExpectAPrefixArrives(any, peer, seed);
  }
}

}  // namespace
}  // namespace creche
