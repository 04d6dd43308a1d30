// SPDX-License-Identifier: Apache-2.0
//
// UringPort::Notify().

#include <atomic>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/uring_features.h"
#include "gtest/gtest.h"
#include "lib/uring/uring_port.h"
#include "tests/support/counting_operation.h"

namespace creche::internal {
namespace {

TEST(NotifyTest, EndsAWaitOnce) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  std::thread other([&] { port.Notify(); });

  port.Wait(absl::InfiniteDuration());
  other.join();
  EXPECT_EQ(port.pending(), 0U);

  const absl::Time start = absl::Now();
  port.Wait(absl::Milliseconds(5));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(4));
  port.Close();
}

TEST(NotifyTest, CountsBeforeTheWait) {
  UringPort port;
  ASSERT_THAT(port.Open(), IsOk());
  port.Notify();
  port.Wait(absl::InfiniteDuration());
  port.Close();
}

// Then the kernel ends a poll that would have lasted.
TEST(NotifyTest, CountsAfterCompletionsThatFoundNoRoom) {
  UringPort port(/*ring_entries=*/1);
  ASSERT_THAT(port.Open(), IsOk());
  std::vector<CountingOperation> others(10);
  io_uring_sqe entry = {};
  io_uring_prep_nop(&entry);
  for (int round = 0; round < 10; ++round) {
    for (CountingOperation& operation : others) port.Start(operation, entry);
    port.Notify();
    while (port.pending() > 0) port.Wait(absl::InfiniteDuration());
    port.Wait(absl::Milliseconds(1));  // For what may be left.
    port.Notify();
    port.Wait(absl::InfiniteDuration());
  }
  port.Close();
}

// A lost one would be waited for to no end. With and without a poll that lasts.
TEST(NotifyTest, IsNeverLost) {
  constexpr int kRounds = 2000;
  UringFeatures without;
  without.multishot_accept = false;
  for (const UringFeatures& features : {UringFeatures(), without}) {
    UringPort port(/*ring_entries=*/8, features);
    ASSERT_THAT(port.Open(), IsOk());
    std::atomic<int> asked = 0;
    std::atomic<int> sent = 0;
    std::thread other([&] {
      for (int round = 1; round <= kRounds; ++round) {
        while (asked < round) std::this_thread::yield();
        sent = round;
        port.Notify();
      }
    });
    for (int round = 1; round <= kRounds; ++round) {
      asked = round;
      while (sent < round) port.Wait(absl::InfiniteDuration());
    }
    other.join();
    port.Close();
  }
}

}  // namespace
}  // namespace creche::internal
