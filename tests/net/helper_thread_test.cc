// SPDX-License-Identifier: Apache-2.0

#include "lib/net/helper_thread.h"

#include <pthread.h>

#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"

namespace creche::internal {
namespace {

using Number = absl::StatusOr<int>;
using IntFunction = std::function<Number()>;

TEST(HelperThreadTest, GivesTheResultOfAFunctionOnAnotherThread) {
  const auto here = std::this_thread::get_id();
  auto main = [&]() -> Task<Number> {
    co_return co_await OnHelperThread(
        IntFunction(
            [here] { return here == std::this_thread::get_id() ? 1 : 0; }),
        "a test");
  };
  EXPECT_EQ(RunToTest(main).value(), 0);
}

TEST(HelperThreadTest, GivesTheError) {
  auto main = []() -> Task<Number> {
    co_return co_await OnHelperThread(
        IntFunction([] { return absl::NotFoundError("nobody"); }), "a test");
  };
  EXPECT_TRUE(absl::IsNotFound(RunToTest(main).status()));
}

TEST(HelperThreadTest, LeavesSignalsToTheProgramsOwnThreads) {
  auto main = []() -> Task<Number> {
    co_return co_await OnHelperThread(IntFunction([] {
                                        sigset_t blocked;
                                        pthread_sigmask(SIG_SETMASK, nullptr,
                                                        &blocked);
                                        return sigismember(&blocked, SIGTERM);
                                      }),
                                      "a test");
  };
  EXPECT_EQ(RunToTest(main).value(), 1);
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 0);
}

// The run ends while the function is still blocked; it has all that it needs.
TEST(HelperThreadTest, IsAbandonedByATaskThatIsCancelled) {
  struct Doors {
    std::promise<void> open;
    std::promise<int> passed;
  };
  const auto doors = std::make_shared<Doors>();
  auto wait = [doors]() -> Number {
    doors->open.get_future().wait();
    doors->passed.set_value(42);
    return 0;
  };
  auto child = [&]() -> Task<> {
    (void)co_await OnHelperThread(IntFunction(wait), "a test");
    ADD_FAILURE() << "nobody has opened";
  };
  auto main = [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(child);
      co_await Checkpoint();
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  };
  EXPECT_TRUE(RunToTest(main).ok());
  doors->open.set_value();
  EXPECT_EQ(doors->passed.get_future().get(), 42);
}

}  // namespace
}  // namespace creche::internal
