// SPDX-License-Identifier: Apache-2.0
//
// SocketStream::Receive().

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/received_block.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

template <typename Body>
void WithTcpPair(Body body) {
  const size_t files = OpenFiles();
  auto main = [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    co_await body(pair);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

Task<> Send(TcpStream& stream, std::string data) {
  const absl::Status status = co_await stream.SendAll(data);
  EXPECT_THAT(status, IsOk());
}

Task<std::string> Receive(TcpStream& stream) {
  const absl::StatusOr<ReceivedBlock> block = co_await stream.Receive();
  EXPECT_THAT(block, IsOk());
  co_return block.ok() ? std::string(block->view()) : "";
}

// Byte number i of what is sent.
char ByteAt(size_t i) { return static_cast<char>(i * 31 + (i >> 8)); }

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = ByteAt(i);
  return bytes;
}

TEST(ReceiveTest, GivesWhatWasSentAndThenTheEnd) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      co_await Send(pair.client, "hello");
      EXPECT_EQ(co_await Receive(pair.server), "hello");
    }
    pair.client.Close();
    EXPECT_EQ(co_await Receive(pair.server), "");
    EXPECT_EQ(co_await Receive(pair.server), "");
    char buffer[1];
    EXPECT_EQ((co_await pair.server.ReceiveSome(buffer)).value(), 0U);
  });
}

TEST(ReceiveTest, WaitsWithADeadline) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      auto none =
          co_await MoveOnAfter(absl::Milliseconds(1), pair.server.Receive());
      EXPECT_FALSE(none.has_value());
    }
    co_await Send(pair.client, "late");
    EXPECT_EQ(co_await Receive(pair.server), "late");
  });
}

TEST(ReceiveTest, OtherReceivesGoOnWhereItEnded) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    size_t position = 0;
    auto expect = [&](absl::string_view bytes) {
      for (char byte : bytes) EXPECT_EQ(byte, ByteAt(position++));
    };
    auto send = [&]() -> Task<> {
      const std::string bytes = Bytes(30'000);
      for (size_t at = 0; at < bytes.size(); at += 100) {
        co_await Send(pair.client, bytes.substr(at, 100));
        if (at % 700 == 0) co_await Checkpoint();
      }
      pair.client.Close();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(send);
      const auto is_done = [&] { return position == 30'000; };
      for (int i = 0; !is_done(); ++i) {
        char buffer[37];
        if (i % 3 == 0) {
          expect(co_await Receive(pair.server));
        } else if (i % 3 == 1 || position + 37 > 30'000) {
          const size_t size =
              (co_await pair.server.ReceiveSome(buffer)).value();
          expect({buffer, size});
        } else {
          EXPECT_THAT(co_await pair.server.ReceiveExactly(buffer), IsOk());
          expect({buffer, 37});
        }
      }
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
    EXPECT_EQ(co_await Receive(pair.server), "");
  });
}

// The first receive has gone on, and must not take what the second waits for.
TEST(ReceiveTest, AnotherReceiveTakesOver) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    (co_await MoveOnAfter(absl::Milliseconds(1), pair.server.Receive()));
    char buffer[5];
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Send, std::ref(pair.client), "hello");
      EXPECT_THAT(co_await pair.server.ReceiveExactly(buffer), IsOk());
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
    EXPECT_EQ(absl::string_view(buffer, 5), "hello");
  });
}

TEST(ReceiveTest, ASecondReceiverIsRefused) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto first = [&]() -> Task<> {
        EXPECT_EQ(co_await Receive(pair.server), "for the first");
      };
      nursery.StartSoon(first);
      for (int i = 0; i < 3; ++i) co_await Checkpoint();
      const absl::StatusOr<ReceivedBlock> second =
          co_await pair.server.Receive();
      EXPECT_TRUE(IsBusyResource(second.status())) << second.status();
      co_await Send(pair.client, "for the first");
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  });
}

TEST(ReceiveTest, CloseWakesIt) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto wait = [&]() -> Task<> {
        const absl::StatusOr<ReceivedBlock> block =
            co_await pair.server.Receive();
        EXPECT_TRUE(IsClosedResource(block.status())) << block.status();
      };
      nursery.StartSoon(wait);
      for (int i = 0; i < 3; ++i) co_await Checkpoint();
      pair.server.Close();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  });
}

// The kernel reports a reset once, to whom it can.
TEST(ReceiveTest, AResetIsKeptForWhoAsksNext) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    (co_await MoveOnAfter(absl::Milliseconds(1), pair.server.Receive()));
    const linger now = {1, 0};
    setsockopt(pair.client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    pair.client.Close();
    for (int i = 0; i < 3; ++i) co_await Checkpoint();
    char buffer[1];
    const absl::StatusOr<size_t> size =
        co_await pair.server.ReceiveSome(buffer);
    EXPECT_TRUE(IsBrokenResource(size.status())) << size.status();
  });
}

// Where all blocks are lent, a stream goes on without.
TEST(ReceiveTest, GoesOnWithoutBlocks) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    std::vector<ReceivedBlock> kept;
    for (int i = 0; i < 3000; ++i) {
      co_await Send(pair.client, std::string(1, ByteAt(i)));
      kept.push_back((co_await pair.server.Receive()).value());
    }
    for (size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(kept[i].view(), std::string(1, ByteAt(i)));
    }
    kept.clear();
    co_await Send(pair.client, "again");
    EXPECT_EQ(co_await Receive(pair.server), "again");
  });
}

TEST(ReceiveTest, BlocksGrowWithWhatComes) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    constexpr size_t kMuch = 4'000'000;
    size_t largest = 0;
    size_t position = 0;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Send, std::ref(pair.client), Bytes(kMuch));
      while (position < kMuch) {
        const absl::StatusOr<ReceivedBlock> block =
            co_await pair.server.Receive();
        largest = std::max(largest, block->size());
        for (char byte : block->view()) {
          if (byte != ByteAt(position++)) ADD_FAILURE() << position;
        }
      }
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
    EXPECT_GT(largest, 8192U);
    for (int i = 0; i < 100; ++i) {  // And shrink again.
      co_await Send(pair.client, "little");
      EXPECT_EQ(co_await Receive(pair.server), "little");
    }
  });
}

// What nobody asks for stays in the kernel, and stops the peer.
TEST(ReceiveTest, DoesNotReceiveAheadWithoutEnd) {
  WithTcpPair([](TcpPair& pair) -> Task<> {
    const int size = 4096;
    setsockopt(pair.client.fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    co_await Send(pair.client, "x");
    EXPECT_EQ(co_await Receive(pair.server), "x");
    const std::string much(size_t{32} << 20, 'y');
    const auto sent =
        co_await MoveOnAfter(absl::Milliseconds(50), pair.client.SendAll(much));
    EXPECT_FALSE(sent.has_value());
  });
}

TEST(ReceiveTest, ABlockOutlivesStreamAndRun) {
  ReceivedBlock block;
  WithTcpPair([&](TcpPair& pair) -> Task<> {
    co_await Send(pair.client, "still here");
    block = (co_await pair.server.Receive()).value();
  });
  EXPECT_EQ(block.view(), "still here");
  block.RemovePrefix(6);
  EXPECT_EQ(block.view(), "here");
}

TEST(ReceiveTest, AStreamThatReceivesOutlivesTheRun) {
  const size_t files = OpenFiles();
  {
    std::optional<UnixStream> stream;
    auto main = [&]() -> Task<> {
      auto pair = UnixStream::Pair().value();
      (co_await pair.first.SendAll("one")).IgnoreError();
      EXPECT_EQ((co_await pair.second.Receive())->view(), "one");
      (co_await pair.first.SendAll("two")).IgnoreError();
      co_await Checkpoint();
      co_await Checkpoint();
      stream = std::move(pair.second);
    };
    EXPECT_THAT(RunToTest(main), IsOk());
    auto again = [&]() -> Task<> {
      EXPECT_EQ((co_await stream->Receive())->view(), "two");
      EXPECT_TRUE((co_await stream->Receive())->empty());
    };
    EXPECT_THAT(RunToTest(again), IsOk());
  }
  EXPECT_EQ(OpenFiles(), files);
}

TEST(ReceivedBlockDeathTest, CannotDropMoreThanThereIs) {
  ReceivedBlock block;
  EXPECT_DEATH(block.RemovePrefix(1), "more than there is");
}

}  // namespace
}  // namespace creche
