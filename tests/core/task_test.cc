// SPDX-License-Identifier: Apache-2.0

#include "creche/core/task.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

static_assert(!std::is_copy_constructible_v<Task<int>>);
static_assert(!std::is_copy_assignable_v<Task<int>>);
static_assert(std::is_nothrow_move_constructible_v<Task<int>>);
static_assert(!std::is_default_constructible_v<Task<int>>);

Task<int> One() { co_return 1; }

TEST(TaskTest, ReturnsItsValue) {
  auto result = RunMocked([]() -> Task<int> { co_return co_await One(); });

  EXPECT_EQ(result.value_or(0), 1);
}

TEST(TaskTest, ReturnsMoveOnlyValues) {
  auto make = []() -> Task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(4);
  };
  auto result = RunMocked([&]() -> Task<int> {
    std::unique_ptr<int> number = co_await make();
    co_return *number;
  });

  EXPECT_EQ(result.value_or(0), 4);
}

// Frames are aligned as any memory is; a result may need more.
struct alignas(64) CacheLine {
  explicit CacheLine(int* alive) : probe(alive) {}
  LifetimeProbe probe;
};

TEST(TaskTest, ReturnsWhatIsAlignedToMoreThanFrames) {
  int alive = 0;
  auto make = [&]() -> Task<CacheLine> {
    co_await Checkpoint();
    co_return CacheLine(&alive);
  };
  const absl::Status status = RunMocked([&]() -> Task<> {
    for (int i = 0; i < 8; ++i) {
      const CacheLine line = co_await make();
      EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
    EXPECT_FALSE(co_await MoveOnAfter(absl::ZeroDuration(), make));
  });

  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(alive, 0);
}

TEST(TaskTest, ThatIsNeverAwaitedRunsNothing) {
  int alive = 0;
  bool ran = false;
  auto body = [&](LifetimeProbe) -> Task<> {
    ran = true;
    co_return;
  };
  {
    Task<> task = body(LifetimeProbe(&alive));
  }

  EXPECT_FALSE(ran);
  EXPECT_EQ(alive, 0);
}

TEST(TaskTest, AssignmentDestroysWhatWasThere) {
  int alive = 0;
  auto body = [](LifetimeProbe) -> Task<> { co_return; };
  Task<> task = body(LifetimeProbe(&alive));
  EXPECT_EQ(alive, 1);
  task = [](int) -> Task<> { co_return; }(1);

  EXPECT_EQ(alive, 0);
}

// Awaiting is a call, neither a cancel point nor a schedule point.
TEST(TaskTest, AwaitingIsNoCheckpoint) {
  auto result = RunMocked([]() -> Task<bool> {
    auto body = []() -> Task<int> { co_return co_await One() + 1; };
    auto value = co_await MoveOnAfter(absl::ZeroDuration(), body);
    co_return value.has_value();
  });

  EXPECT_TRUE(result.value_or(false));
}

TEST(TaskTest, ArgumentsAndLocalsAreGoneWhenTheCallerGoesOn) {
  int alive = 0;
  auto body = [](LifetimeProbe probe) -> Task<int> {
    LifetimeProbe local = probe;
    co_await Checkpoint();
    co_return 1;
  };
  RunMocked([&]() -> Task<> {
    const int one = co_await body(LifetimeProbe(&alive));
    EXPECT_EQ(one, 1);
    EXPECT_EQ(alive, 0);
  }).IgnoreError();
}

TEST(TaskTest, CancelledCallsAreDestroyedInnermostFirst) {
  std::string trace;
  struct Local {
    std::string* trace;
    char name;
    Local(std::string* t, char n) : trace(t), name(n) {}
    ~Local() { *trace += name; }
  };
  auto inner = [&]() -> Task<> {
    Local first(&trace, 'b');
    Local second(&trace, 'a');
    co_await SleepForever();
  };
  auto outer = [&]() -> Task<> {
    Local local(&trace, 'c');
    co_await inner();
  };
  RunMocked([&]() -> Task<> {
    co_await MoveOnAfter(absl::Seconds(1), outer);
    trace += '.';
  }).IgnoreError();

  EXPECT_EQ(trace, "abc.");
}

#if defined(__cpp_exceptions)
TEST(TaskTest, RethrowsWhereItIsAwaited) {
  auto fail = [](bool wait) -> Task<int> {
    if (wait) co_await Checkpoint();
    throw std::string("thrown");
  };
  RunMocked([&]() -> Task<> {
    for (const bool wait : {false, true}) {
      std::string caught;
      try {
        co_await fail(wait);
      } catch (const std::string& text) {
        caught = text;
      }
      EXPECT_EQ(caught, "thrown");
    }
  }).IgnoreError();
}

TEST(TaskTest, ExceptionDuringDestructionOfLocalsReplacesTheValue) {
  struct Throws {
    Throws() {}
    ~Throws() noexcept(false) { throw 7; }
  };
  auto body = []() -> Task<std::string> {
    Throws at_exit;
    co_return std::string("a value that lives on the heap, for sure");
  };
  RunMocked([&]() -> Task<> {
    int caught = 0;
    try {
      co_await body();
    } catch (int number) {
      caught = number;
    }
    EXPECT_EQ(caught, 7);
  }).IgnoreError();
}
#endif

// Undefined in C++, and without a warning from g++.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wreturn-type"
Task<absl::Status> FallsOffTheEnd(bool waits) {
  if (waits) co_await Checkpoint();
}
#pragma GCC diagnostic pop

TEST(TaskDeathTest, EndsWithoutCoReturn) {
  const auto fall_off = [](bool waits) {
    RunMocked([waits]() -> Task<absl::Status> {
      co_return co_await FallsOffTheEnd(waits);
    }).IgnoreError();
  };
  EXPECT_DEATH(fall_off(false), "ended without co_return");
  EXPECT_DEATH(fall_off(true),
               "ended without co_return: .*FallsOff.*, which was last at ");
}

}  // namespace
}  // namespace creche
