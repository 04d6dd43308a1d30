// SPDX-License-Identifier: Apache-2.0

#include "creche/threads/thread_channel.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "creche/threads/run_in_thread.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"
#include "tests/threads/first_io_wait.h"

namespace creche {
namespace {

TEST(ThreadChannelTest, BuffersBetweenThreads) {
  auto [send, receive] = MakeThreadChannel<int>(2);
  EXPECT_THAT(send.TrySend(1), IsOk());
  EXPECT_THAT(send.TrySend(2), IsOk());
  EXPECT_TRUE(IsWouldBlock(send.TrySend(3)));
  EXPECT_TRUE(IsTimeout(send.BlockingSend(3, absl::Milliseconds(1))));
  EXPECT_THAT(receive.TryReceive(), IsOkAndHolds(1));
  EXPECT_THAT(receive.BlockingReceive(), IsOkAndHolds(2));
  EXPECT_TRUE(IsWouldBlock(receive.TryReceive().status()));
  EXPECT_TRUE(
      IsTimeout(receive.BlockingReceive(absl::Milliseconds(1)).status()));
  EXPECT_TRUE(
      IsTimeout(receive.BlockingReceive(absl::ZeroDuration()).status()));
}

TEST(ThreadChannelTest, BlocksForAsLongAsItIsTold) {
  constexpr absl::Duration kTime = absl::Milliseconds(20);
  auto [send, receive] = MakeThreadChannel<int>(1);
  absl::Time start = absl::Now();
  EXPECT_TRUE(IsTimeout(receive.BlockingReceive(kTime).status()));
  EXPECT_GE(absl::Now() - start, kTime);
  EXPECT_THAT(send.TrySend(1), IsOk());
  start = absl::Now();
  EXPECT_TRUE(IsTimeout(send.BlockingSend(2, kTime)));
  EXPECT_GE(absl::Now() - start, kTime);
  EXPECT_THAT(receive.TryReceive(), IsOkAndHolds(1));
  EXPECT_TRUE(IsWouldBlock(receive.TryReceive().status()));
}

TEST(ThreadChannelTest, EndsWithItsSendersAndBreaksWithItsReceivers) {
  auto [send, receive] = MakeThreadChannel<int>(2);
  auto clone = send.Clone();
  EXPECT_THAT(send.TrySend(1), IsOk());
  send.Close();
  EXPECT_TRUE(IsClosedResource(send.TrySend(2)));
  EXPECT_TRUE(send.Clone().is_closed());
  EXPECT_TRUE(IsTimeout([&, &r = receive] {
    EXPECT_THAT(r.BlockingReceive(), IsOkAndHolds(1));
    return r.BlockingReceive(absl::Milliseconds(1)).status();
  }()));
  EXPECT_THAT(clone.BlockingSend(3), IsOk());
  clone.Close();
  EXPECT_THAT(receive.TryReceive(), IsOkAndHolds(3));
  EXPECT_TRUE(IsEndOfStream(receive.BlockingReceive().status()));

  auto [other_send, other_receive] = MakeThreadChannel<std::shared_ptr<int>>(2);
  auto dropped = std::make_shared<int>(1);
  EXPECT_THAT(other_send.TrySend(dropped), IsOk());
  other_receive.Close();
  EXPECT_EQ(dropped.use_count(), 1);
  EXPECT_TRUE(IsBrokenResource(other_send.BlockingSend(dropped)));
  EXPECT_TRUE(IsClosedResource(other_receive.BlockingReceive().status()));
}

TEST(ThreadChannelTest, IsARendezvousWithoutABuffer) {
  auto [send, receive] = MakeThreadChannel<int>(0);
  EXPECT_TRUE(IsWouldBlock(send.TrySend(1)));
  std::thread other([&s = send] {
    for (int i = 0; i < 1000; ++i) EXPECT_THAT(s.BlockingSend(i), IsOk());
  });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(receive.BlockingReceive(), IsOkAndHolds(i));
  }
  other.join();
}

TEST(ThreadChannelTest, ClosingAHandleWakesWhoWaitsOnIt) {
  auto [send, receive] = MakeThreadChannel<int>(1);
  auto other_receive = receive.Clone();
  std::thread waits([&r = receive] {
    EXPECT_TRUE(IsClosedResource(r.BlockingReceive().status()));
  });
  while (send.statistics().tasks_waiting_to_receive == 0) {
    std::this_thread::yield();
  }
  receive.Close();
  waits.join();
  EXPECT_THAT(send.TrySend(1), IsOk());
  EXPECT_THAT(other_receive.TryReceive(), IsOkAndHolds(1));
}

TEST(ThreadChannelTest, JoinsARunAndAThread) {
  auto [to_run, in_run] = MakeThreadChannel<int>(1);
  auto [from_run, in_thread] = MakeThreadChannel<int>(0);
  std::thread other([&s = to_run, &r = in_thread] {
    for (int i = 0; i < 1000; ++i) {
      EXPECT_THAT(s.BlockingSend(i), IsOk());
      EXPECT_THAT(r.BlockingReceive(), IsOkAndHolds(i + 1));
    }
    s.Close();
    EXPECT_TRUE(IsEndOfStream(r.BlockingReceive().status()));
  });
  auto main = [&r = in_run, &s = from_run]() -> Task<> {
    while (std::optional<int> number = co_await r.Receive()) {
      EXPECT_THAT(co_await s.Send(*number + 1), IsOk());
    }
    s.Close();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  other.join();
}

TEST(ThreadChannelTest, JoinsTwoRuns) {
  auto [send, receive] = MakeThreadChannel<std::unique_ptr<int>>(3);
  auto produce = [&s = send]() -> Task<> {
    for (int i = 0; i < 1000; ++i) {
      EXPECT_THAT(co_await s.Send(std::make_unique<int>(i)), IsOk());
    }
    s.Close();
  };
  std::thread other([&] { EXPECT_THAT(RunToTest(produce), IsOk()); });
  int sum = 0;
  auto consume = [&sum, &r = receive]() -> Task<> {
    while (std::optional<std::unique_ptr<int>> number = co_await r.Receive()) {
      sum += **number;
    }
  };
  EXPECT_THAT(RunToTest(consume), IsOk());
  other.join();
  EXPECT_EQ(sum, 999 * 1000 / 2);
}

CRECHE_TEST(ThreadChannelTest, IsFairToTasks) {
  auto [send, receive] = MakeThreadChannel<int>(0);
  std::vector<int> order;
  auto take = [&order, &r = receive](int number) -> Task<> {
    EXPECT_TRUE((co_await r.Receive()).has_value());
    order.push_back(number);
  };
  auto body = [&, &s = send](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      nursery.StartSoon(take, i);
      co_await WaitAllTasksBlocked();
    }
    for (int i = 0; i < 3; ++i) {
      EXPECT_THAT(s.TrySend(i), IsOk());
      co_await WaitAllTasksBlocked();
    }
    EXPECT_TRUE(IsWouldBlock(s.TrySend(3)));
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

CRECHE_TEST(ThreadChannelTest, TellsTasksHowItEnds) {
  auto [send, receive] = MakeThreadChannel<int>(0);
  auto waits = [&s = send]() -> Task<> {
    EXPECT_TRUE(IsBrokenResource(co_await s.Send(1)));
  };
  auto body = [&, &r = receive](Nursery& nursery) -> Task<> {
    nursery.StartSoon(waits);
    co_await WaitAllTasksBlocked();
    r.Close();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_FALSE((co_await receive.Receive()).has_value());
  send.Close();
  EXPECT_TRUE(IsClosedResource(co_await send.Send(1)));
}

// A result that exists when the cancellation arrives is delivered.
CRECHE_TEST(ThreadChannelTest, DeliversWhatWasSentBeforeTheCancellation) {
  auto [send, receive] = MakeThreadChannel<int>(0);
  auto body = [&s = send, &r = receive](Nursery& nursery) -> Task<> {
    auto take = [&r]() -> Task<> {
      EXPECT_EQ(co_await r.Receive(), 1);
      co_await Checkpoint();
      ADD_FAILURE() << "it was cancelled";
    };
    nursery.StartSoon(take);
    co_await WaitAllTasksBlocked();
    EXPECT_THAT(s.TrySend(1), IsOk());
    nursery.Cancel();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

CRECHE_TEST(ThreadChannelTest, TimesOutInATask) {
  auto [send, receive] = MakeThreadChannel<int>(0);
  auto waiting = MoveOnAfter(absl::Seconds(1), receive.Receive());
  EXPECT_FALSE((co_await std::move(waiting)).has_value());
  EXPECT_EQ(send.statistics().tasks_waiting_to_receive, 0U);
}

TEST(ThreadChannelTest, SurvivesCancellationAnywhere) {
  auto body = []() -> Task<absl::Status> {
    auto [send, receive] = MakeThreadChannel<int>(1);
    auto produce = [&s = send]() -> Task<absl::Status> {
      for (int i = 0; i < 4; ++i) {
        absl::Status sent = co_await s.Send(i);
        if (!sent.ok()) co_return sent;
      }
      s.Close();
      co_return absl::OkStatus();
    };
    auto both = [&, &r = receive](Nursery& nursery) -> Task<> {
      nursery.StartSoon(produce);
      while ((co_await r.Receive()).has_value()) {
      }
    };
    co_return co_await WithNursery(both);
  };
  CancelEverywhere(body);
  FailEverywhere(body, [] {}, {.allow_no_operations = true});
}

// Every value goes to exactly one, whoever is cancelled meanwhile.
TEST(ThreadChannelTest, ConservesAMillionValues) {
#if defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t kValues = 100'000;  // It takes ten times as long.
#else
  constexpr std::uint64_t kValues = 1'000'000;
#endif
  constexpr std::uint64_t kSenders = 4;
  auto [send, receive] = MakeThreadChannel<std::uint64_t>(7);
  std::atomic<std::uint64_t> count = 0;
  std::atomic<std::uint64_t> sum = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kSenders; ++i) {
    threads.emplace_back([i, s = send.Clone()]() mutable {
      for (std::uint64_t n = i; n < kValues; n += kSenders) {
        EXPECT_THAT(s.BlockingSend(n), IsOk());
      }
    });
  }
  send.Close();
  threads.emplace_back([&, r = receive.Clone()]() mutable {
    for (;;) {
      const auto value = r.BlockingReceive(absl::Microseconds(10));
      if (IsTimeout(value.status())) continue;
      if (!value.ok()) break;
      ++count;
      sum += *value;
    }
  });
  auto main = [&, &r = receive]() -> Task<> {
    bool is_over = false;
    while (!is_over) {
      auto take = [&]() -> Task<> {
        for (;;) {
          const std::optional<std::uint64_t> value = co_await r.Receive();
          is_over = !value.has_value();
          if (is_over) break;
          ++count;
          sum += *value;
        }
      };
      co_await MoveOnAfter(absl::Microseconds(50), take);
    }
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kValues);
  EXPECT_EQ(sum, kValues * (kValues - 1) / 2);
}

TEST(ThreadChannelDeathTest, BlockingOnARunsThreadWouldBlockItsTasks) {
  auto [send, receive] = MakeThreadChannel<int>(1);
  auto main = [&s = send]() -> Task<> {
    s.BlockingSend(1).IgnoreError();
    co_return;
  };
  EXPECT_DEATH((void)RunToTest(main), "would block all of its tasks");
  auto other_main = [&r = receive]() -> Task<> {
    (void)r.BlockingReceive();
    co_return;
  };
  EXPECT_DEATH((void)RunToTest(other_main), "would block all of its tasks");
}

TEST(ThreadChannelDeathTest, RunReportsTheDeadlockWhenNobodyIsLeft) {
  FirstIoWait first_wait;
  auto main = [&]() -> Task<> {
    auto [send, receive] = MakeThreadChannel<int>(1);
    // The far end goes, and the wait ends with it.
    std::thread([&first_wait, s = std::move(send)] {
      first_wait.Wait();
    }).detach();
    EXPECT_FALSE((co_await receive.Receive()).has_value());
    ParkingLot nobody;
    co_await nobody.Park();
  };
  EXPECT_DEATH((void)first_wait.Run(main), "deadlock");
}

}  // namespace
}  // namespace creche
