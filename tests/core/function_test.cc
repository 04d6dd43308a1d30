// SPDX-License-Identifier: Apache-2.0

#include "creche/core/function.h"

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

Task<int> Twice(int value) { co_return 2 * value; }

CRECHE_TEST(FunctionTest, CallsWhateverItWasGiven) {
  Function<int(int)> function = Twice;
  EXPECT_EQ(co_await function(4), 8);
  function = [base = 10](int value) -> Task<int> { co_return base + value; };
  EXPECT_EQ(co_await function(4), 14);
  // The signature of a std::function means the same.
  Function<Task<int>(int)> other = Twice;
  EXPECT_EQ(co_await other(4), 8);
  // Awaitables of the library are as good as Tasks.
  Function<void(absl::Duration)> sleep = [](absl::Duration duration) {
    return SleepFor(duration);
  };
  co_await sleep(absl::Hours(1));
}

CRECHE_TEST(FunctionTest, TakesWhatCannotBeCopied) {
  auto add = [left = std::make_unique<int>(3)](
                 std::unique_ptr<int> right) -> Task<int> {
    co_return *left + *right;
  };
  const Function<int(std::unique_ptr<int>)> function(std::move(add));
  const Function<int(std::unique_ptr<int>)> copy = function;
  auto right = std::make_unique<int>(4);
  auto call = copy(std::move(right));
  EXPECT_EQ(co_await std::move(call), 7);
}

CRECHE_TEST(FunctionTest, HandsReferencesOn) {
  Function<void(int&, const std::string&)> function =
      [](int& size, const std::string& text) -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    size = static_cast<int>(text.size());
  };
  int size = 0;
  const std::string text = "four";
  co_await function(size, text);
  EXPECT_EQ(size, 4);
}

// A handler may be exchanged while it runs.
CRECHE_TEST(FunctionTest, ACallKeepsWhatItRuns) {
  Function<int()> function;
  const auto kept = std::make_shared<int>(7);
  function = [&function, value = kept]() -> Task<int> {
    co_await SleepFor(absl::Seconds(1));
    function = {};
    co_await SleepFor(absl::Seconds(1));
    co_return *value;
  };
  EXPECT_EQ(co_await function(), 7);
  EXPECT_FALSE(function);
  EXPECT_EQ(kept.use_count(), 1);
}

CRECHE_TEST(FunctionTest, CanBeAChild) {
  int calls = 0;
  Function<absl::Status(int)> count = [&](int n) -> Task<absl::Status> {
    calls += n;
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(count, 2);
    nursery.StartSoon(count, 3);
    co_return;
  };
  CO_ASSERT_OK(co_await WithNursery(body));
  EXPECT_EQ(calls, 5);
}

TEST(FunctionTest, CanBeCancelledEverywhere) {
  CancelEverywhere([]() -> Task<> {
    Function<void(std::string)> function = [](std::string) -> Task<> {
      co_await SleepFor(absl::Seconds(1));
    };
    co_await function("text");
  });
}

// Only what gives the right result.
static_assert(
    !std::is_constructible_v<Function<std::string(int)>, decltype(&Twice)>);
static_assert(!std::is_constructible_v<Function<int()>, decltype(&Twice)>);
static_assert(!std::is_constructible_v<Function<int(int)>, int (*)(int)>);

TEST(FunctionDeathTest, AnEmptyOneCannotBeCalled) {
  Function<int()> empty;
  EXPECT_DEATH(static_cast<void>(empty()), "an empty Function was called");
}

}  // namespace
}  // namespace creche
