// SPDX-License-Identifier: Apache-2.0
//
// Blocks that outlive where they come from.

#include "creche/net/received_block.h"

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/features_to_test.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/uring_features.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

constexpr int kBlocks = 3;

// Of a run of this thread: of its ring, where the kernel can, or from the heap.
std::vector<ReceivedBlock> ReceiveBlocks(bool from_the_heap) {
  std::vector<ReceivedBlock> blocks;
  auto main = [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    for (int i = 0; i < kBlocks; ++i) {
      EXPECT_THAT(co_await pair.client.SendAll("block"), IsOk());
      blocks.push_back((co_await pair.server.Receive()).value());
    }
  };
  RunOptions options;
  options.uring_features =
      from_the_heap ? UringFeatures::None() : FeaturesToTest();
  EXPECT_THAT(creche::Run(std::move(options), main), IsOk());
  return blocks;
}

std::vector<ReceivedBlock>& KeptByTheProcess() {
  static std::vector<ReceivedBlock> blocks;
  return blocks;
}

std::vector<ReceivedBlock>& KeptByTheThread() {
  thread_local std::vector<ReceivedBlock> blocks;
  return blocks;
}

class ReceivedBlockTest : public testing::TestWithParam<bool> {};

// Destroyed after what is the thread's own; one was given back before.
TEST_P(ReceivedBlockTest, OutlivesTheMainThread) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        KeptByTheProcess() = ReceiveBlocks(GetParam());
        KeptByTheProcess().pop_back();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "^$");
}

TEST_P(ReceivedBlockTest, OutlivesWhatIsItsThreadsOwn) {
  auto keep = [] {
    KeptByTheThread().reserve(kBlocks);  // Before anything of the library's.
    KeptByTheThread() = ReceiveBlocks(GetParam());
    KeptByTheThread().pop_back();
  };
  std::thread(keep).join();
}

TEST_P(ReceivedBlockTest, OutlivesItsThread) {
  std::vector<ReceivedBlock> blocks;
  std::thread([&] { blocks = ReceiveBlocks(GetParam()); }).join();
  for (const ReceivedBlock& block : blocks) EXPECT_EQ(block.view(), "block");
}

INSTANTIATE_TEST_SUITE_P(OfEachKind, ReceivedBlockTest, testing::Bool(),
                         [](const auto& info) {
                           return std::string(info.param ? "Heap" : "Ring");
                         });

}  // namespace
}  // namespace creche
