// SPDX-License-Identifier: Apache-2.0
//
// Thousands of operations under random deadlines, against a peer that goes on
// and on: no byte, no connection and no descriptor may be lost. By default a
// few seeds; CRECHE_STORM_SEEDS says how many.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/features_to_test.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

using testing::MakeTcpPair;
using testing::OpenFiles;
using testing::TcpPair;

int Seeds() {
  const char* seeds = std::getenv("CRECHE_STORM_SEEDS");
  return seeds != nullptr ? std::atoi(seeds) : 5;
}

// Runs main(random) once per seed.
template <typename Main>
void ForEachSeed(Main main) {
  const size_t files = OpenFiles();
  for (int seed = 0; seed < Seeds(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(static_cast<unsigned>(seed));
    RunOptions options;
    options.schedule_seed = seed;
    options.ring_entries = 1U << (seed % 8);
    options.uring_features = testing::FeaturesToTest();
    options.uring_features.defer_taskrun &= seed % 3 != 0;
    options.uring_features.skip_success &= seed % 5 != 0;
    const absl::Status status =
        creche::Run(std::move(options), main, std::ref(random));
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(OpenFiles(), files);
  }
}

absl::Duration Microseconds(std::mt19937& random, int at_most) {
  return absl::Microseconds(
      std::uniform_int_distribution<int>(0, at_most)(random));
}

// Byte number i of the stream.
char ByteAt(size_t i) { return static_cast<char>(i * 31 + (i >> 8)); }

Task<> WriteSteadily(TcpStream& stream, size_t total, std::mt19937& random) {
  std::vector<char> block;
  for (size_t sent = 0; sent < total;) {
    const size_t size = std::min<size_t>(1 + random() % 700, total - sent);
    block.clear();
    for (size_t i = 0; i < size; ++i) block.push_back(ByteAt(sent + i));
    const absl::Status status =
        co_await stream.SendAll({block.data(), block.size()});
    EXPECT_TRUE(status.ok()) << status;
    sent += size;
    for (unsigned i = random() % 4; i > 0; --i) co_await Checkpoint();
  }
  const absl::Status end = co_await stream.SendEof();
  EXPECT_TRUE(end.ok()) << end;
}

void ExpectBytes(absl::Span<const char> bytes, size_t& position) {
  size_t wrong = 0;
  for (char byte : bytes) wrong += byte == ByteAt(position++) ? 0 : 1;
  ASSERT_EQ(wrong, 0U) << "of those before byte " << position;
}

Task<> ReadUnderDeadlines(TcpStream& stream, size_t total,
                          std::mt19937& random) {
  size_t position = 0;
  std::vector<char> buffer(1000);
  while (position < total) {
    const absl::Span<char> part =
        absl::MakeSpan(buffer).subspan(0, 1 + random() % buffer.size());
    const absl::Duration timeout = Microseconds(random, 30);
    if (random() % 3 == 0) {
      std::optional<absl::StatusOr<ReceivedBlock>> block =
          co_await MoveOnAfter(timeout, stream.Receive());
      if (!block.has_value()) continue;
      EXPECT_TRUE(block->ok()) << block->status();
      ExpectBytes({(*block)->data(), (*block)->size()}, position);
    } else if (random() % 2 == 0) {
      std::optional<absl::StatusOr<size_t>> size =
          co_await MoveOnAfter(timeout, stream.ReceiveSome(part));
      if (!size.has_value()) continue;
      EXPECT_TRUE(size->ok()) << size->status();
      ExpectBytes(part.subspan(0, size->value()), position);
    } else if (part.size() <= total - position) {
      std::optional<absl::Status> status =
          co_await MoveOnAfter(timeout, stream.ReceiveExactly(part));
      if (!status.has_value()) continue;
      EXPECT_TRUE(status->ok()) << *status;
      ExpectBytes(part, position);
    }
  }
  const absl::StatusOr<size_t> end =
      co_await stream.ReceiveSome(absl::MakeSpan(buffer));
  EXPECT_EQ(end.value(), 0U);
}

TEST(StormTest, ReceivesLoseNoByte) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    constexpr size_t kBytes = 200'000;
    TcpPair pair = co_await MakeTcpPair();
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(WriteSteadily, std::ref(pair.client), kBytes,
                        std::ref(random));
      co_await ReadUnderDeadlines(pair.server, kBytes, random);
    };
    (co_await WithNursery(body)).IgnoreError();
  });
}

Task<> ConnectAndSendNumber(SocketAddress address, std::uint32_t number) {
  absl::StatusOr<TcpStream> stream = co_await ConnectTcp(address);
  EXPECT_TRUE(stream.ok()) << stream.status();
  const absl::string_view bytes(reinterpret_cast<const char*>(&number),
                                sizeof(number));
  const absl::Status sent = co_await stream->SendAll(bytes);
  EXPECT_TRUE(sent.ok()) << sent;
}

TEST(StormTest, AcceptsLoseNoConnection) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    constexpr std::uint32_t kConnections = 300;
    TcpListener listener =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
    std::vector<int> seen(kConnections);
    auto body = [&](Nursery& nursery) -> Task<> {
      for (std::uint32_t accepted = 0, started = 0; accepted < kConnections;) {
        if (started < kConnections) {
          nursery.StartSoon(ConnectAndSendNumber, listener.local_address(),
                            started++);
        }
        std::optional<absl::StatusOr<TcpStream>> stream =
            co_await MoveOnAfter(Microseconds(random, 60), listener.Accept());
        if (!stream.has_value()) continue;
        ++accepted;
        std::uint32_t number = 0;
        const absl::Status status = co_await (*stream)->ReceiveExactly(
            absl::MakeSpan(reinterpret_cast<char*>(&number), sizeof(number)));
        EXPECT_TRUE(status.ok()) << status;
        ++seen[number];
      }
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_EQ(seen, std::vector<int>(kConnections, 1));
  });
}

// A connect that was cancelled has left nothing; one that was not, works.
TEST(StormTest, ConnectsLeaveNoDescriptor) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    TcpListener listener =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
    auto body = [&](Nursery& nursery) -> Task<> {
      auto accept_all = [&]() -> Task<> {
        for (;;) {
          const absl::StatusOr<TcpStream> stream = co_await listener.Accept();
          EXPECT_TRUE(stream.ok()) << stream.status();
        }
      };
      nursery.StartSoon(accept_all);
      for (int i = 0; i < 300; ++i) {
        auto connect = ConnectTcp(listener.local_address());
        const std::optional<absl::StatusOr<TcpStream>> stream =
            co_await MoveOnAfter(Microseconds(random, 40), std::move(connect));
        if (stream.has_value()) {
          EXPECT_TRUE(stream->ok()) << stream->status();
        }
      }
      nursery.Cancel();
    };
    (co_await WithNursery(body)).IgnoreError();
  });
}

// What arrives is what was sent, up to where the stream knows it was cut.
TEST(StormTest, SendsUnderDeadlinesNeverSendAHole) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    size_t sent = 0;
    auto body = [&](Nursery& nursery) -> Task<> {
      auto read_all = [&]() -> Task<> {
        std::vector<char> buffer(50'000);
        for (size_t position = 0;;) {
          const absl::StatusOr<size_t> size =
              co_await pair.server.ReceiveSome(absl::MakeSpan(buffer));
          EXPECT_TRUE(size.ok()) << size.status();
          if (size.value() == 0) break;
          ExpectBytes(absl::MakeSpan(buffer).subspan(0, *size), position);
        }
      };
      nursery.StartSoon(read_all);
      std::vector<char> block;
      for (int i = 0; i < 200; ++i) {
        block.clear();
        const size_t size = 1 + random() % 100'000;
        for (size_t j = 0; j < size; ++j) block.push_back(ByteAt(sent + j));
        const std::optional<absl::Status> status =
            co_await MoveOnAfter(Microseconds(random, 50),
                                 pair.client.SendAll({block.data(), size}));
        if (!status.has_value()) continue;  // All or nothing, or it is broken.
        if (IsBrokenResource(*status)) break;
        EXPECT_TRUE(status->ok()) << *status;
        sent += size;
      }
      pair.client.Close();
    };
    (co_await WithNursery(body)).IgnoreError();
  });
}

}  // namespace
}  // namespace creche
