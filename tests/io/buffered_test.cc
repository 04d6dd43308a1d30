// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/io/byte_stream.h"
#include "creche/io/file.h"
#include "creche/io/read_write_file.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

static_assert(ByteStream<TcpStream>);
static_assert(ByteStream<UnixStream>);
static_assert(ByteStream<AnyStream>);

template <typename Body>
void WithPair(Body body) {
  auto main = [&]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    co_await body(pair.first, pair.second);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(BufferedReaderTest, ReadsLinesAndRecords) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    BufferedReader reader(stream);
    EXPECT_THAT(co_await peer.SendAll("one\r\ntwo\n\nab--c12345rest"), IsOk());
    peer.Close();
    EXPECT_EQ((co_await reader.ReadLine()).value(), "one");
    EXPECT_EQ((co_await reader.ReadLine()).value(), "two");
    EXPECT_EQ((co_await reader.ReadLine()).value(), "");
    EXPECT_EQ((co_await reader.ReadUntil("--")).value(), "ab");
    EXPECT_EQ((co_await reader.ReadExactly(6)).value(), "c12345");
    const absl::StatusOr<std::string> line = co_await reader.ReadLine();
    EXPECT_TRUE(IsEndOfStream(line.status())) << line.status();
    EXPECT_EQ((co_await reader.ReadSome()).value(), "rest");
    EXPECT_EQ((co_await reader.ReadSome()).value(), "");
  });
}

TEST(BufferedReaderTest, ReadsLinesOfAFile) {
  const std::string path = PathOf("lines");
  auto main = [&]() -> Task<absl::Status> {
    co_await Try(WriteFile(path, "one\ntwo\n"));
    BufferedReader reader(co_await Try(File::Open(path, File::kRead)));
    std::string line = co_await Try(reader.ReadLine());
    EXPECT_EQ(line, "one");
    line = co_await Try(reader.ReadLine());
    EXPECT_EQ(line, "two");
    const absl::Status end = (co_await reader.ReadLine()).status();
    EXPECT_TRUE(IsEndOfStream(end)) << end;
    co_return co_await RemoveFile(path);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(BufferedReaderTest, KeepsAStreamThatIsMovedIn) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    EXPECT_THAT(co_await peer.SendAll("one\n"), IsOk());
    std::vector<BufferedReader<UnixStream>> readers;
    readers.emplace_back(std::move(stream));
    EXPECT_EQ((co_await readers[0].ReadLine()).value(), "one");
    EXPECT_GE(readers[0].stream().fd(), 0);
  });
}

TEST(BufferedReaderTest, ATimedOutCallHasTakenNothing) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    BufferedReader reader(stream);
    EXPECT_THAT(co_await peer.SendAll("part of a li"), IsOk());
    auto read = reader.ReadLine();
    auto line = co_await MoveOnAfter(absl::Milliseconds(1), std::move(read));
    EXPECT_FALSE(line.has_value());
    EXPECT_THAT(co_await peer.SendAll("ne\n"), IsOk());
    EXPECT_EQ((co_await reader.ReadLine()).value(), "part of a line");
  });
}

TEST(BufferedReaderTest, FindsADelimiterThatComesInPieces) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    BufferedReader reader(stream);
    std::optional<std::string> found;
    auto body = [&](Nursery& nursery) -> Task<> {
      auto read = [&]() -> Task<> {
        found = (co_await reader.ReadUntil("ababc")).value();
      };
      nursery.StartSoon(read);
      for (char byte : std::string("xxabababc")) {
        EXPECT_THAT(co_await peer.SendAll(absl::string_view(&byte, 1)), IsOk());
        for (int i = 0; i < 3; ++i) co_await Checkpoint();
      }
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_EQ(found, "xxab");
  });
}

TEST(BufferedReaderTest, KeepsToItsLimit) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    BufferedReader reader(stream);
    EXPECT_THAT(co_await peer.SendAll("12345\n123456\n"), IsOk());
    EXPECT_EQ((co_await reader.ReadLine(5)).value(), "12345");
    const absl::StatusOr<std::string> line = co_await reader.ReadLine(5);
    EXPECT_EQ(line.status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ((co_await reader.ReadLine(6)).value(), "123456");
    EXPECT_THAT(co_await peer.SendAll("123456\n"), IsOk());
    constexpr size_t kNone = std::numeric_limits<size_t>::max();
    EXPECT_EQ((co_await reader.ReadLine(kNone)).value(), "123456");
    const absl::StatusOr<std::string> none = co_await reader.ReadUntil("");
    EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  });
}

TEST(BufferedReaderTest, GrowsAndMovesOn) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    BufferedReader reader(stream);
    auto body = [&](Nursery& nursery) -> Task<> {
      auto write = [&]() -> Task<absl::Status> {
        BufferedWriter writer(peer);
        for (int i = 0; i < 1000; ++i) {
          absl::Status written = co_await writer.Write(
              std::string(static_cast<size_t>(i), 'x') + "\n");
          if (!written.ok()) co_return written;
        }
        co_return co_await writer.Flush();
      };
      nursery.StartSoon(write);
      for (size_t i = 0; i < 1000; ++i) {
        const absl::StatusOr<std::string> line = co_await reader.ReadLine();
        EXPECT_EQ(line->size(), i);
      }
    };
    const absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
  });
}

TEST(AnyStreamTest, OwnsAStream) {
  WithPair([](UnixStream& peer, UnixStream& stream) -> Task<> {
    AnyStream any(std::move(stream));
    BufferedReader reader(any);
    EXPECT_THAT(co_await peer.SendAll("hello\n"), IsOk());
    EXPECT_EQ((co_await reader.ReadLine()).value(), "hello");
    EXPECT_THAT(co_await any.SendAll("x"), IsOk());
    EXPECT_THAT(co_await any.SendEof(), IsOk());
    AnyStream moved = std::move(any);
    const absl::Status closed = co_await any.SendAll("x");
    EXPECT_TRUE(IsClosedResource(closed));
    moved.Close();
    char buffer[1];
    EXPECT_THAT(co_await peer.ReceiveExactly(buffer), IsOk());
  });
}

TEST(AnyStreamTest, CanBeDestroyedWhileInUse) {
  WithPair([](UnixStream&, UnixStream& stream) -> Task<> {
    std::optional<AnyStream> any(std::move(stream));
    auto receive = [&]() -> Task<> {
      char buffer[1];
      const absl::Status status = (co_await any->ReceiveSome(buffer)).status();
      EXPECT_TRUE(IsClosedResource(status)) << status;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(receive);
      for (int i = 0; i < 3; ++i) co_await Checkpoint();
      any.reset();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  });
}

}  // namespace
}  // namespace creche
