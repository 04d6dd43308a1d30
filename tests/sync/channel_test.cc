// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/channel.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

TEST(ChannelTest, Smoke) {
  testing::FakePort port;
  testing::MockClock clock;
  int sum = 0;
  auto main = [&]() -> Task<absl::Status> {
    auto [send, receive] = MakeChannel<std::unique_ptr<int>>(0);
    auto produce = [](Sender<std::unique_ptr<int>> s) -> Task<absl::Status> {
      for (int i = 0; i < 100; ++i) {
        absl::Status sent = co_await s.Send(std::make_unique<int>(i));
        if (!sent.ok()) co_return sent;
      }
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(produce, std::move(send));
      while (std::optional<std::unique_ptr<int>> value =
                 co_await receive.Receive()) {
        sum += **value;
      }
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };

  absl::Status status =
      creche::Run({.clock = &clock, .port = &port}, main);

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(sum, 4950);
}

}  // namespace
}  // namespace creche
