// SPDX-License-Identifier: Apache-2.0
//
// Sending and receiving allocate nothing, once they are under way.

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/net/received_block.h"
#include "creche/net/udp_socket.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace {

std::size_t allocations = 0;

}  // namespace

// Not inlined, lest g++ takes what they call for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace creche {
namespace {

class AllocationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kHasAddressSanitizer) {
      GTEST_SKIP() << "with AddressSanitizer, frames come from the heap";
    }
  }
};

// Of `exchange(pair)`, which sends and receives, after the first rounds.
template <typename Exchange>
size_t AllocationsOf(Exchange exchange) {
  size_t count = 0;
  auto main = [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    for (int i = 0; i < 100; ++i) co_await exchange(pair);
    const size_t before = allocations;
    for (int i = 0; i < 1000; ++i) co_await exchange(pair);
    count = allocations - before;
  };
  EXPECT_TRUE(RunToTest(main).ok());
  return count;
}

TEST_F(AllocationTest, TheCounterCounts) {
  auto allocate = [](TcpPair&) -> Task<> {
    ::operator delete(::operator new(8));
    co_return;
  };
  EXPECT_GE(AllocationsOf(allocate), 1000U);
}

TEST_F(AllocationTest, NoneForReceiveSome) {
  auto exchange = [](TcpPair& pair) -> Task<> {
    (co_await pair.client.SendAll("hello")).IgnoreError();
    char buffer[100];
    EXPECT_EQ((co_await pair.server.ReceiveSome(buffer)).value(), 5U);
  };
  EXPECT_EQ(AllocationsOf(exchange), 0U);
}

TEST_F(AllocationTest, NoneForReceiveExactlyUnderADeadline) {
  auto exchange = [](TcpPair& pair) -> Task<> {
    (co_await pair.client.SendAll("hello")).IgnoreError();
    char buffer[5];
    auto status = co_await MoveOnAfter(absl::Seconds(10),
                                       pair.server.ReceiveExactly(buffer));
    // (A matcher would allocate.)
    EXPECT_TRUE(status.value().ok());
  };
  EXPECT_EQ(AllocationsOf(exchange), 0U);
}

TEST_F(AllocationTest, NoneForReceive) {
  auto exchange = [](TcpPair& pair) -> Task<> {
    (co_await pair.client.SendAll("hello")).IgnoreError();
    EXPECT_EQ((co_await pair.server.Receive())->view(), "hello");
  };
  EXPECT_EQ(AllocationsOf(exchange), 0U);
}

TEST_F(AllocationTest, NoneForReceivesThatAreMuch) {
  const std::string much(100'000, 'x');
  auto exchange = [&](TcpPair& pair) -> Task<> {
    (co_await pair.client.SendAll(much)).IgnoreError();
    for (size_t received = 0; received < much.size();) {
      received += (co_await pair.server.Receive())->size();
    }
  };
  EXPECT_EQ(AllocationsOf(exchange), 0U);
}

// A thread that is back a moment too late has another one made, and noted.
// There are a thousand rounds.
constexpr size_t kMostForThreads = 10;

TEST_F(AllocationTest, NoneForPipes) {
  auto pipe = *MakePipe();
  auto exchange = [&](TcpPair&) -> Task<> {
    char buffer[100];
    (co_await pipe.second.SendAll("hello")).IgnoreError();
    EXPECT_EQ((co_await pipe.first.ReceiveSome(buffer)).value(), 5U);
  };
  EXPECT_LE(AllocationsOf(exchange), kMostForThreads);
}

// On epoll a thread does this, like all that is done with pipes before
// Linux 6.4.
TEST_F(AllocationTest, NoneForWhatNeedsAThread) {
  auto exchange = [](TcpPair&) -> Task<> {
    EXPECT_TRUE((co_await GetFileInfo("/")).ok());
  };
  EXPECT_LE(AllocationsOf(exchange), kMostForThreads);
}

// In one frame: these operations have addresses in them, and so a frame that
// awaits them is larger than those that are kept for the next.
TEST_F(AllocationTest, NoneForDatagrams) {
  auto main = []() -> Task<> {
    UdpSocket socket = *BindUdp(*SocketAddress::Parse("127.0.0.1", 0));
    size_t before = 0;
    for (int i = 0; i < 1100; ++i) {
      if (i == 100) before = allocations;
      char buffer[100];
      (co_await socket.SendTo("hello", socket.local_address())).IgnoreError();
      EXPECT_EQ((co_await socket.ReceiveFrom(buffer))->size, 5U);
    }
    EXPECT_EQ(allocations, before);
  };
  EXPECT_TRUE(RunToTest(main).ok());
}

}  // namespace
}  // namespace creche
