// SPDX-License-Identifier: Apache-2.0

#include "creche/threads/run_handle.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/task_local.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/event.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_in_thread.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

TEST(RunHandleTest, PostsInOrderToASleepingRun) {
  auto main = []() -> Task<> {
    Event all;
    std::vector<int> order;
    const auto here = std::this_thread::get_id();
    std::thread other([&, run = RunHandle::Current()] {
      for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(run.Post([&, i] {
          EXPECT_EQ(std::this_thread::get_id(), here);
          order.push_back(i);
          if (i == 99) all.Set();
        }));
      }
    });
    co_await all.Wait();
    other.join();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(RunHandleTest, CallsWhatWasPostedBeforeTheRunReturns) {
  int calls = 0;
  auto main = [&]() -> Task<> {
    const RunHandle run = RunHandle::Current();
    run.Post([&calls, run] {
      ++calls;
      // Nobody is left to call it.
      EXPECT_FALSE(run.Post([&calls] { ++calls; }));
    });
    co_return;
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(calls, 1);
}

TEST(RunHandleTest, RefusesWhenTheRunIsOver) {
  std::optional<RunHandle> run;
  auto main = [&]() -> Task<> {
    run = RunHandle::Current();
    co_return;
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  auto kept = std::make_shared<int>(1);
  EXPECT_FALSE(run->Post([kept] { ADD_FAILURE(); }));
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_THAT(run->Call([] { ADD_FAILURE(); }),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("is over")));
  // And so does what was moved from.
  const RunHandle other = *std::move(run);
  EXPECT_FALSE(run->Post([] { ADD_FAILURE(); }));
}

TEST(RunHandleTest, LetsTasksGoOnWhileAFunctionPostsItselfForEver) {
  auto main = []() -> Task<> {
    bool is_over = false;
    int rounds = 0;
    std::function<void()> again = [&, run = RunHandle::Current()] {
      ++rounds;
      if (!is_over) run.Post([&] { again(); });
    };
    again();
    for (int i = 0; i < 10; ++i) co_await Checkpoint();
    EXPECT_GE(rounds, 9);
    co_await SleepFor(absl::Milliseconds(1));
    is_over = true;
    co_await SleepFor(absl::Milliseconds(1));
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(RunHandleTest, CallsPlainFunctionsAndCoroutines) {
  auto main = []() -> Task<> {
    std::promise<void> done;
    Event event;
    std::thread other([&, run = RunHandle::Current()] {
      EXPECT_THAT(run.Call([] {}), IsOk());
      EXPECT_THAT(run.Call([] { return 5; }), IsOkAndHolds(5));
      EXPECT_THAT(run.Call([] { return absl::NotFoundError("no"); }),
                  StatusIs(absl::StatusCode::kNotFound));
      auto sleep = []() -> Task<std::string> {
        co_await SleepFor(absl::Milliseconds(1));
        co_return "slept";
      };
      EXPECT_THAT(run.Call(sleep), IsOkAndHolds("slept"));
      EXPECT_THAT(run.Call([&]() { return SleepFor(absl::Milliseconds(1)); }),
                  IsOk());
      run.Post([&event] { event.Set(); });
    });
    co_await event.Wait();
    other.join();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

#if defined(__cpp_exceptions)
CRECHE_TEST(RunHandleTest, ThrowsWhatItCallsThrows) {
  auto in_thread = [] {
    const RunHandle run = RunHandle::Current();
    auto fail = []() -> Task<int> {
      co_await Checkpoint();
      throw std::string("no");
    };
    try {
      (void)run.Call(fail);
    } catch (const std::string& text) {
      return text;
    }
    return std::string();
  };
  EXPECT_THAT(co_await RunInThread(in_thread), IsOkAndHolds("no"));
}
#endif

CRECHE_TEST(RunHandleTest, RunsInTheTaskThatWaitsForTheThread) {
  TaskLocal<int> number;
  auto in_thread = [&number] {
    return RunHandle::Current().Call([&number] { return *number.Get(); });
  };
  auto running = RunInThread(in_thread);
  EXPECT_THAT(co_await number.With(3, std::move(running)), IsOkAndHolds(3));
}

// And not in the one around: the thread goes on, and its result is delivered.
CRECHE_TEST(RunHandleTest, IsCancelledWithTheTaskThatWaitsForTheThread) {
  auto in_thread = [] {
    const RunHandle run = RunHandle::Current();
    auto wait = []() -> Task<int> {
      co_await SleepForever();
      co_return 1;
    };
    const absl::StatusOr<int> result = run.Call(wait);
    EXPECT_THAT(result,
                StatusIs(absl::StatusCode::kCancelled, HasSubstr("enough")));
    // A later call starts, and is cancelled where it waits.
    bool started = false;
    auto wait_again = [&started]() -> Task<> {
      started = true;
      co_await Checkpoint();
    };
    EXPECT_THAT(run.Call(wait_again), StatusIs(absl::StatusCode::kCancelled));
    EXPECT_TRUE(started);
    return 42;
  };
  CancelScope scope;
  absl::StatusOr<int> result = 0;
  auto run = [&]() -> Task<> {
    result = co_await RunInThread(in_thread);
    co_await Checkpoint();
    ADD_FAILURE() << "it was cancelled";
  };
  auto cancel = [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) co_await Checkpoint();
    scope.Cancel("enough");
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(cancel);
    EXPECT_FALSE(co_await scope.Run(run));
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_THAT(result, IsOkAndHolds(42));
}

// From thread to run to thread, with a single token.
CRECHE_TEST(RunHandleTest, LendsTheThreadThatWaits) {
  CapacityLimiter limiter(1);
  auto innermost = [] { return std::this_thread::get_id(); };
  auto in_run = [&]() -> Task<absl::StatusOr<std::thread::id>> {
    co_return co_await RunInThread(ThreadOptions().set_limiter(limiter),
                                   innermost);
  };
  auto outer = [&]() -> absl::StatusOr<bool> {
    for (int i = 0; i < 3; ++i) {
      const auto inner = RunHandle::Current().Call(in_run);
      if (!inner.ok()) return inner.status();
      if (*inner != std::this_thread::get_id()) return false;
    }
    return true;
  };
  EXPECT_THAT(co_await RunInThread(ThreadOptions().set_limiter(limiter), outer),
              IsOkAndHolds(true));
  EXPECT_EQ(limiter.borrowed(), 0U);
}

CRECHE_TEST(RunHandleTest, LendsItsThreadToSeveralTasksInTurn) {
  CapacityLimiter limiter(1);
  std::atomic<int> calls = 0;
  auto count = [&calls] { ++calls; };
  auto child = [&]() -> Task<absl::Status> {
    co_return co_await RunInThread(ThreadOptions().set_limiter(limiter), count);
  };
  auto in_run = [&]() -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 10; ++i) nursery.StartSoon(child);
      co_return;
    };
    co_return co_await WithNursery(body);
  };
  auto outer = [&] { return RunHandle::Current().Call(in_run); };
  EXPECT_THAT(co_await RunInThread(ThreadOptions().set_limiter(limiter), outer),
              IsOk());
  EXPECT_EQ(calls, 10);
}

// What the call has started elsewhere outlives it, and the loan.
CRECHE_TEST(RunHandleTest, TakesNoThreadThatHasGoneOn) {
  CapacityLimiter limiter(1);
  Event go;
  auto number = [] { return 1; };
  auto late = [&]() -> Task<absl::Status> {
    co_await go.Wait();
    co_return (
        co_await RunInThread(ThreadOptions().set_limiter(limiter), number))
        .status();
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto outer = [&] {
      return RunHandle::Current().Call([&] { nursery.StartSoon(late); });
    };
    absl::Status called =
        co_await RunInThread(ThreadOptions().set_limiter(limiter), outer);
    go.Set();
    co_return called;
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
}

TEST(RunHandleTest, EndOfMainCancelsWhatWasCalled) {
  std::thread other;
  std::atomic<bool> was_destroyed = false;
  auto main = [&]() -> Task<> {
    std::promise<void> called;
    const auto here = std::this_thread::get_id();
    other = std::thread([&, here, run = RunHandle::Current()] {
      auto wait = [&, here]() -> Task<> {
        struct Destroyed {
          ~Destroyed() {
            EXPECT_EQ(std::this_thread::get_id(), here);
            was_destroyed = true;
          }
          std::atomic<bool>& was_destroyed;
          std::thread::id here;
        };
        const Destroyed destroyed{was_destroyed, here};
        called.set_value();
        co_await SleepForever();
      };
      EXPECT_THAT(run.Call(wait), StatusIs(absl::StatusCode::kCancelled));
    });
    auto is_called = [&] { called.get_future().wait(); };
    (co_await RunInThread(is_called)).IgnoreError();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_TRUE(was_destroyed);
  other.join();
}

// A thread that a task has abandoned is one like others.
TEST(RunHandleTest, RunsBesideMainForAThreadThatWasAbandoned) {
  std::promise<void> abandoned;
  auto main = [&]() -> Task<> {
    TaskLocal<int> number;
    Event called;
    CancelScope scope;
    auto in_thread = [&] {
      const RunHandle run = RunHandle::Current();
      run.Post([&scope] { scope.Cancel(); });
      abandoned.get_future().wait();
      auto look = [&]() -> Task<bool> {
        co_await Checkpoint();
        co_return number.Get().has_value();
      };
      EXPECT_THAT(run.Call(look), IsOkAndHolds(false));
      run.Post([&called] { called.Set(); });
    };
    auto running = RunInThread(
        ThreadOptions().set_on_cancel(OnCancel::kAbandon), in_thread);
    auto with_number = number.With(1, std::move(running));
    auto in_scope = scope.Run(std::move(with_number));
    EXPECT_FALSE((co_await std::move(in_scope)).has_value());
    abandoned.set_value();
    co_await called.Wait();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

using RunHandleDeathTest = ::testing::Test;

TEST(RunHandleDeathTest, OutsideOfARunThereIsNone) {
  EXPECT_DEATH((void)RunHandle::Current(), "outside of a run");
}

TEST(RunHandleDeathTest, CallOnTheRunsOwnThreadWouldWaitForItself) {
  auto main = []() -> Task<> {
    RunHandle::Current().Call([] {}).IgnoreError();
    co_return;
  };
  EXPECT_DEATH((void)RunToTest(main), "would wait for itself");
}

TEST(RunHandleTest, CallFromAThreadSurvivesCancellationAnywhere) {
  auto body = []() -> Task<absl::Status> {
    auto in_thread = [] {
      auto checkpoints = []() -> Task<> {
        co_await Checkpoint();
        co_await Checkpoint();
      };
      return RunHandle::Current().Call(checkpoints);
    };
    co_return co_await RunInThread(in_thread);
  };
  CancelEverywhere(body);
}

// Delivered and refused together are all that was posted.
TEST(RunHandleTest, LosesNothingInAStorm) {
  constexpr int kThreads = 8;
  constexpr int kRuns = 50;
  std::atomic<int> delivered = 0;
  int accepted = 0;
  for (int round = 0; round < kRuns; ++round) {
    std::vector<std::thread> threads;
    std::atomic<int> accepted_now = 0;
    std::atomic<int> called = 0;
    std::atomic<int> cancelled = 0;
    auto main = [&]() -> Task<> {
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i, run = RunHandle::Current()] {
          for (int n = 0; run.Post([&delivered] { ++delivered; }); ++n) {
            ++accepted_now;
            // A call waits for what was posted: nobody runs ahead for ever.
            if (n % (1 + i) != 0) continue;
            auto checkpoint = [&]() -> Task<> { co_await Checkpoint(); };
            ++(run.Call(checkpoint).ok() ? called : cancelled);
          }
        });
      }
      for (int i = 0; i < round; ++i) co_await Checkpoint();
    };
    EXPECT_THAT(RunToTest(main), IsOk());
    for (std::thread& thread : threads) thread.join();
    accepted += accepted_now;
    EXPECT_EQ(delivered, accepted);
  }
}

}  // namespace
}  // namespace creche
