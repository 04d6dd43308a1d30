// SPDX-License-Identifier: Apache-2.0
//
// Thousands of operations under random deadlines, against a peer that goes on
// and on: no byte, no connection and no descriptor may be lost. By default
// 1,000 seeds; CRECHE_STORM_SEEDS says how many.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
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
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

// So many test cases share the seeds, so that Bazel can run them side by side.
constexpr int kBlocks = 20;

int Seeds() {
  const char* seeds = std::getenv("CRECHE_STORM_SEEDS");
  if (seeds != nullptr) return std::atoi(seeds);
  return kHasAddressSanitizer ? 100 : 1000;
}

class StormTest : public ::testing::TestWithParam<int> {
 protected:
  // Runs main(random) once for each seed of the block.
  template <typename Main>
  void ForEachSeed(Main main) {
    const size_t files = OpenFiles();
    for (int seed = GetParam(); seed < Seeds(); seed += kBlocks) {
      SCOPED_TRACE(seed);
      std::mt19937 random(static_cast<unsigned>(seed));
      RunOptions options;
      options.schedule_seed = seed;
      options.ring_entries = 1U << (seed % 8);
      options.uring_features = FeaturesToTest();
      options.uring_features.defer_taskrun &= seed % 3 != 0;
      options.uring_features.skip_success &= seed % 5 != 0;
      options.uring_features.multishot_accept &= seed % 4 != 0;
      options.uring_features.multishot_receive &= seed % 7 != 0;
      options.uring_features.poll_first &= seed % 11 != 0;
      const absl::Status status =
          creche::Run(std::move(options), main, std::ref(random));
      ASSERT_THAT(status, IsOk());
      ASSERT_EQ(OpenFiles(), files);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Blocks, StormTest, ::testing::Range(0, kBlocks));

absl::Duration Microseconds(std::mt19937& random, int at_most) {
  return absl::Microseconds(
      std::uniform_int_distribution<int>(0, at_most)(random));
}

// A stream of which all pieces are different.
absl::string_view BytesAt(size_t position, size_t size) {
  constexpr size_t kPeriod = 1 << 16;
  static const std::string* const bytes = [] {
    auto* pattern = new std::string(2 * kPeriod, '\0');
    for (size_t i = 0; i < pattern->size(); ++i) {
      (*pattern)[i] = static_cast<char>(i * 31 + (i >> 8));
    }
    return pattern;
  }();
  return absl::string_view(*bytes).substr(position % kPeriod, size);
}

void ExpectBytes(absl::Span<const char> bytes, size_t& position) {
  const absl::string_view expected = BytesAt(position, bytes.size());
  position += bytes.size();
  ASSERT_EQ(absl::string_view(bytes.data(), bytes.size()).compare(expected), 0)
      << "before byte " << position;
}

Task<> WriteSteadily(TcpStream& stream, size_t total, std::mt19937& random) {
  for (size_t sent = 0; sent < total;) {
    const size_t size = std::min<size_t>(1 + random() % 700, total - sent);
    const absl::Status status = co_await stream.SendAll(BytesAt(sent, size));
    EXPECT_THAT(status, IsOk());
    sent += size;
    for (unsigned i = random() % 4; i > 0; --i) co_await Checkpoint();
  }
  const absl::Status end = co_await stream.SendEof();
  EXPECT_THAT(end, IsOk());
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

TEST_P(StormTest, ReceivesLoseNoByte) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    constexpr size_t kBytes = 40'000;
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
  EXPECT_THAT(stream, IsOk());
  const absl::string_view bytes(reinterpret_cast<const char*>(&number),
                                sizeof(number));
  const absl::Status sent = co_await stream->SendAll(bytes);
  EXPECT_THAT(sent, IsOk());
}

TEST_P(StormTest, AcceptsLoseNoConnection) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    constexpr std::uint32_t kConnections = 60;
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
        EXPECT_THAT(status, IsOk());
        ++seen[number];
      }
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_EQ(seen, std::vector<int>(kConnections, 1));
  });
}

// A connect that was cancelled has left nothing; one that was not, works.
TEST_P(StormTest, ConnectsLeaveNoDescriptor) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    TcpListener listener =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
    auto body = [&](Nursery& nursery) -> Task<> {
      auto accept_all = [&]() -> Task<> {
        for (;;) {
          const absl::StatusOr<TcpStream> stream = co_await listener.Accept();
          EXPECT_THAT(stream, IsOk());
        }
      };
      nursery.StartSoon(accept_all);
      for (int i = 0; i < 60; ++i) {
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
TEST_P(StormTest, SendsUnderDeadlinesNeverSendAHole) {
  ForEachSeed([](std::mt19937& random) -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    size_t sent = 0;
    auto body = [&](Nursery& nursery) -> Task<> {
      auto read_all = [&]() -> Task<> {
        std::vector<char> buffer(50'000);
        for (size_t position = 0;;) {
          const absl::StatusOr<size_t> size =
              co_await pair.server.ReceiveSome(absl::MakeSpan(buffer));
          EXPECT_THAT(size, IsOk());
          if (size.value() == 0) break;
          ExpectBytes(absl::MakeSpan(buffer).subspan(0, *size), position);
        }
      };
      nursery.StartSoon(read_all);
      for (int i = 0; i < 60; ++i) {
        const size_t size = 1 + random() % 60'000;
        const std::optional<absl::Status> status = co_await MoveOnAfter(
            Microseconds(random, 50), pair.client.SendAll(BytesAt(sent, size)));
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
