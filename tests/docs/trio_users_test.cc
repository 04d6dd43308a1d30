// SPDX-License-Identifier: Apache-2.0
//
// What docs/for_trio_users.md shows.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::Nursery;
using creche::Task;
using creche::Try;

Task<absl::Status> Child(std::string name, absl::Duration nap,
                         std::string& log) {
  co_await creche::SleepFor(nap);
  log += name + " ";
  co_return absl::OkStatus();
}

CRECHE_TEST(TrioUsersTest, Nursery) {
  std::string log;
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Child, "slow", absl::Seconds(2), std::ref(log));
    nursery.StartSoon(Child, "fast", absl::Seconds(1), std::ref(log));
    co_return;
  };
  const absl::Status status = co_await creche::WithNursery(body);
  CO_ASSERT_OK(status);
  EXPECT_EQ(log, "fast slow ");
}

Task<std::string> FetchQuote() {
  co_await creche::SleepFor(absl::Seconds(5));
  co_return "a quote";
}

CRECHE_TEST(TrioUsersTest, MoveOn) {
  const std::optional<std::string> quote =
      co_await creche::MoveOnAfter(absl::Seconds(3), FetchQuote());
  EXPECT_FALSE(quote.has_value());
}

CRECHE_TEST(TrioUsersTest, Scope) {
  creche::CancelScope scope;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto press_cancel = [&]() -> Task<> {
      co_await creche::SleepFor(absl::Seconds(1));
      scope.Cancel("the user pressed the button");
    };
    nursery.StartSoon(press_cancel);
    co_await scope.Run(creche::SleepForever());
    EXPECT_TRUE(scope.cancelled_caught());
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  EXPECT_EQ(scope.reason(), "the user pressed the button");
}

Task<absl::Status> Serve(creche::TaskStatus<std::uint16_t> task_status) {
  co_await creche::SleepFor(absl::Seconds(1));  // Opens its listener.
  task_status.Started(8080);
  co_await creche::SleepForever();
  co_return absl::OkStatus();
}

CRECHE_TEST(TrioUsersTest, Start) {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    const std::uint16_t port =
        co_await Try(nursery.Start<std::uint16_t>(Serve));
    EXPECT_EQ(port, 8080);
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
}

CRECHE_TEST(TrioUsersTest, Cleanup) {
  bool said_goodbye = false;
  auto work = [&]() -> Task<> { co_await creche::SleepForever(); };
  auto say_goodbye = [&]() -> Task<> {
    co_await creche::SleepFor(absl::Milliseconds(100));
    said_goodbye = true;
  };
  auto work_and_goodbye = [&]() -> Task<> {
    co_await creche::WithCleanup(work, say_goodbye, absl::Seconds(1));
  };
  co_await creche::MoveOnAfter(absl::Seconds(1), work_and_goodbye);
  EXPECT_TRUE(said_goodbye);
}

CRECHE_TEST(TrioUsersTest, Channel) {
  int sum = 0;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto [send, receive] = creche::MakeChannel<int>(0);
    auto produce = [](creche::Sender<int> out) -> Task<absl::Status> {
      for (int i = 1; i <= 3; ++i) co_await Try(out.Send(i));
      co_return absl::OkStatus();  // `out` is closed here.
    };
    nursery.StartSoon(produce, std::move(send));
    while (std::optional<int> value = co_await receive.Receive()) {
      sum += *value;
    }
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  EXPECT_EQ(sum, 6);
}

// A Lock that nobody waits for is handed out without a schedule point, up to 64
// times in a row.
CRECHE_TEST(TrioUsersTest, TasksTakeNoTurnsAtAFreeLock) {
  creche::Lock lock;
  std::string order;
  auto child = [&](char name) -> Task<> {
    for (int i = 0; i < 200; ++i) {
      creche::LockGuard guard = co_await lock.Acquire();
      order += name;
    }
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(child, 'a');
    nursery.StartSoon(child, 'b');
    co_return;
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  size_t longest = 0;
  for (size_t from = 0; from < order.size();) {
    const size_t end =
        std::min(order.find_first_not_of(order[from], from), order.size());
    longest = std::max(longest, end - from);
    from = end;
  }
  EXPECT_GT(longest, 1u) << order;
  EXPECT_LE(longest, 64u + 1) << order;  // One more at the schedule point.
}

}  // namespace
