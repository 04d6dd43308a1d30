// SPDX-License-Identifier: Apache-2.0

#include "creche/threads/run_in_thread.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/run.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "lib/threads/thread_cache.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

CRECHE_TEST(RunInThreadTest, GivesWhatTheFunctionReturnsOnAnotherThread) {
  const auto there = co_await RunInThread(std::this_thread::get_id);
  CO_ASSERT_OK(there);
  EXPECT_NE(*there, std::this_thread::get_id());
}

CRECHE_TEST(RunInThreadTest, WrapsWhatIsNoStatus) {
  auto nothing = [] {};
  const absl::Status done = co_await RunInThread(nothing);
  EXPECT_THAT(done, IsOk());
  auto status = [] { return absl::NotFoundError("nobody"); };
  const absl::Status not_found = co_await RunInThread(status);
  EXPECT_THAT(not_found, StatusIs(absl::StatusCode::kNotFound));
  auto number = []() -> absl::StatusOr<int> { return 7; };
  const absl::StatusOr<int> seven = co_await RunInThread(number);
  EXPECT_THAT(seven, IsOkAndHolds(7));
}

CRECHE_TEST(RunInThreadTest, TakesWhatCanOnlyBeMoved) {
  auto take = [](std::unique_ptr<int> given) { return given; };
  const auto given = co_await RunInThread(take, std::make_unique<int>(3));
  CO_ASSERT_OK(given);
  EXPECT_EQ(**given, 3);
}

CRECHE_TEST(RunInThreadTest, KeepsWhatAReferenceIsMadeOf) {
  auto size = [](const std::string& text) { return text.size(); };
  const auto five = co_await RunInThread(size, "hello");
  EXPECT_THAT(five, IsOkAndHolds(5U));
  int changed = 0;
  auto change = [](std::stop_token, int& number) { number = 8; };
  EXPECT_THAT(co_await RunInThread(change, std::ref(changed)), IsOk());
  EXPECT_EQ(changed, 8);
}

#if defined(__cpp_exceptions)
CRECHE_TEST(RunInThreadTest, ThrowsWhatTheFunctionThrows) {
  auto fail = []() -> int { throw std::string("no"); };
  std::string caught;
  try {
    (void)co_await RunInThread(fail);
  } catch (const std::string& text) {
    caught = text;
  }
  EXPECT_EQ(caught, "no");
}
#endif

// Knows the thread it is destroyed on.
class Witness {
 public:
  explicit Witness(std::atomic<std::thread::id>& where) : where_(&where) {}
  Witness(Witness&& other) noexcept
      : where_(std::exchange(other.where_, nullptr)) {}
  ~Witness() {
    if (where_ != nullptr) *where_ = std::this_thread::get_id();
  }

 private:
  std::atomic<std::thread::id>* where_;
};

CRECHE_TEST(RunInThreadTest, HasDestroyedFunctionAndArgumentsWhenItGoesOn) {
  std::atomic<std::thread::id> destroyed_on;
  auto function = [](const Witness&) { return std::this_thread::get_id(); };
  const auto there = co_await RunInThread(function, Witness(destroyed_on));
  EXPECT_EQ(destroyed_on.load(), *there);
}

CRECHE_TEST(RunInThreadTest, IsCalledWhatItIsTold) {
  auto name = [] {
    char text[16] = "";
    pthread_getname_np(pthread_self(), text, sizeof(text));
    return std::string(text);
  };
  auto named =
      RunInThread(ThreadOptions().set_name("a name that is too long"), name);
  const auto long_name = co_await std::move(named);
  EXPECT_THAT(long_name, IsOkAndHolds("a name that is "));
  const auto usual_name = co_await RunInThread(name);
  EXPECT_THAT(usual_name, IsOkAndHolds("creche thread"));
}

CRECHE_TEST(RunInThreadTest, LeavesSignalsToTheProgramsOwnThreads) {
  auto blocks = [] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM);
  };
  EXPECT_THAT(co_await RunInThread(blocks), IsOkAndHolds(1));
  EXPECT_EQ(blocks(), 0);
}

CRECHE_TEST(RunInThreadTest, UsesOneThreadAgainAndAgain) {
  const auto first = co_await RunInThread(std::this_thread::get_id);
  for (int i = 0; i < 100; ++i) {
    const auto next = co_await RunInThread(std::this_thread::get_id);
    EXPECT_EQ(*next, *first);
  }
}

// A function that returns when its stop is requested, or it is told to.
struct Door {
  std::promise<void> opened;
  std::atomic<bool> was_stopped = false;
  std::atomic<bool> has_returned = false;

  int Wait(const std::stop_token& stop) {
    std::stop_callback open(stop, [this] {
      was_stopped = true;
      opened.set_value();
    });
    opened.get_future().wait();
    has_returned = true;
    return 42;
  }
};

CRECHE_TEST(RunInThreadTest, WaitsForTheFunctionWhenItIsCancelled) {
  Door door;
  bool goes_on = false;
  auto wait = [&door](const std::stop_token& stop) { return door.Wait(stop); };
  auto child = [&]() -> Task<> {
    const absl::StatusOr<int> result = co_await RunInThread(wait);
    EXPECT_THAT(result, IsOkAndHolds(42));
    EXPECT_TRUE(door.has_returned);
    goes_on = true;
    co_await Checkpoint();
    ADD_FAILURE() << "it was cancelled";
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(child);
    for (int i = 0; i < 10; ++i) co_await Checkpoint();
    nursery.Cancel();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_TRUE(door.was_stopped);
  EXPECT_TRUE(goes_on);
}

// What a function that was abandoned has, and what it gives.
struct Loose {
  std::promise<void> may_return;
  std::promise<std::thread::id> runs_on;
  std::promise<std::thread::id> result_destroyed_on;
};

class Result {
 public:
  explicit Result(std::shared_ptr<Loose> loose) : loose_(std::move(loose)) {}
  Result(Result&&) = default;
  Result& operator=(Result&&) = default;
  ~Result() {
    if (loose_ != nullptr) {
      loose_->result_destroyed_on.set_value(std::this_thread::get_id());
    }
  }

 private:
  std::shared_ptr<Loose> loose_;
};

TEST(RunInThreadTest, DropsTheResultOfAnAbandonedFunctionOnItsThread) {
  const auto loose = std::make_shared<Loose>();
  auto function = [loose] {
    loose->runs_on.set_value(std::this_thread::get_id());
    loose->may_return.get_future().wait();
    return Result(loose);
  };
  auto main = [&]() -> Task<> {
    CapacityLimiter limiter(1);
    auto abandon = RunInThread(
        ThreadOptions().set_limiter(limiter).set_on_cancel(OnCancel::kAbandon),
        function);
    auto timed = MoveOnAfter(absl::Milliseconds(20), std::move(abandon));
    EXPECT_FALSE((co_await std::move(timed)).has_value());
    // Until it has really returned.
    EXPECT_EQ(limiter.borrowed(), 1U);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  loose->may_return.set_value();
  EXPECT_EQ(loose->result_destroyed_on.get_future().get(),
            loose->runs_on.get_future().get());
}

CRECHE_TEST(RunInThreadTest, GetsTheTokenBackWhenAnAbandonedFunctionReturns) {
  Loose loose;
  CapacityLimiter limiter(1);
  auto wait = [&loose] { loose.may_return.get_future().wait(); };
  auto abandoned = [&]() -> Task<> {
    (void)co_await RunInThread(
        ThreadOptions().set_limiter(limiter).set_on_cancel(OnCancel::kAbandon),
        wait);
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(abandoned);
    for (int i = 0; i < 10; ++i) co_await Checkpoint();
    nursery.Cancel();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_EQ(limiter.borrowed(), 1U);
  loose.may_return.set_value();
  while (limiter.borrowed() > 0) co_await Checkpoint();
}

CRECHE_TEST(RunInThreadTest, BeginsNothingBeforeThereIsAToken) {
  CapacityLimiter limiter(1);
  CapacityToken held = co_await limiter.Acquire();
  std::atomic<bool> began = false;
  auto begin = [&began] { began = true; };
  auto child = [&]() -> Task<> {
    (void)co_await RunInThread(ThreadOptions().set_limiter(limiter), begin);
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(child);
    co_await WaitAllTasksBlocked();
    nursery.Cancel();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_FALSE(began);
  EXPECT_EQ(limiter.statistics().tasks_waiting, 0U);
}

CRECHE_TEST(RunInThreadTest, HasFortyThreadsUnlessItIsToldOtherwise) {
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  // There are 40 again when some have gone and others have come.
  std::atomic<bool> were_there = false;
  std::promise<void> all_there;
  const std::shared_future<void> go = all_there.get_future().share();
  auto work = [&, go] {
    const int now = ++at_once;
    for (int seen = most;
         seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    if (now == 40 && !were_there.exchange(true)) all_there.set_value();
    go.wait();
    --at_once;
  };
  auto child = [&]() -> Task<absl::Status> {
    co_return co_await RunInThread(work);
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 100; ++i) nursery.StartSoon(child);
    co_return;
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_EQ(most, 40);
}

TEST(RunInThreadTest, SurvivesCancellationAnywhere) {
  for (const OnCancel on_cancel : {OnCancel::kWait, OnCancel::kAbandon}) {
    const auto began = std::make_shared<std::atomic<int>>(0);
    const auto ended = std::make_shared<std::atomic<int>>(0);
    auto work = [began, ended] {
      ++*began;
      ++*ended;
      return 1;
    };
    auto body = [&]() -> Task<absl::Status> {
      CapacityLimiter limiter(1);
      auto child = [&]() -> Task<absl::Status> {
        auto running = RunInThread(
            ThreadOptions().set_limiter(limiter).set_on_cancel(on_cancel),
            work);
        co_return (co_await std::move(running)).status();
      };
      auto both = [&](Nursery& nursery) -> Task<> {
        nursery.StartSoon(child);
        nursery.StartSoon(child);
        co_return;
      };
      co_return co_await WithNursery(both);
    };
    const auto check = [&] {
      if (on_cancel == OnCancel::kWait) {
        EXPECT_EQ(*began, *ended);
      }
    };
    CancelEverywhere(body, check);
  }
}

TEST(RunInThreadTest, SurvivesWhateverTheKernelAnswers) {
  auto number = [] { return 1; };
  auto body = [&]() -> Task<absl::Status> {
    co_return (co_await RunInThread(number)).status();
  };
  FailEverywhere(body, [] {}, {.allow_no_operations = true});
}

// There is no thread with a stack as large as this. The process that tries is
// forked before there are others (as a DeathTest, first of all).
TEST(RunInThreadDeathTest, SaysThatThereIsNoThread) {
  EXPECT_EXIT(
      {
        pthread_attr_t huge;
        pthread_attr_init(&huge);
        pthread_attr_setstacksize(&huge, size_t{1} << 46);
        pthread_setattr_default_np(&huge);
        std::atomic<std::thread::id> destroyed;
        CapacityLimiter limiter(1);
        auto main = [&]() -> Task<absl::Status> {
          auto ignore = [](const Witness&) {};
          co_return co_await RunInThread(ThreadOptions().set_limiter(limiter),
                                         ignore, Witness(destroyed));
        };
        const absl::Status status = RunToTest(main);
        EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
        EXPECT_EQ(destroyed.load(), std::this_thread::get_id());
        EXPECT_EQ(limiter.borrowed(), 0U);
        std::fprintf(stderr, "%s\n", status.ToString().c_str());
        _exit(::testing::Test::HasFailure() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "start a thread: .*ulimit -u");
}

TEST(ThreadCacheTest, LetsThreadsGoThatWereIdleForTooLong) {
  internal::ThreadCache& cache = internal::ThreadCache::OfTheProcess();
  // There may be others, which wait for longer.
  const size_t enough = std::max<size_t>(cache.idle(), 1);
  cache.set_idle_time(std::chrono::seconds(0));
  auto nothing = [] {};
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await RunInThread(nothing);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  while (cache.idle() >= enough) std::this_thread::yield();
  cache.set_idle_time(internal::ThreadCache::kIdleTime);
}

}  // namespace
}  // namespace creche
