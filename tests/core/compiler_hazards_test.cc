// SPDX-License-Identifier: Apache-2.0
//
// The shapes of code that compilers get wrong somewhere, in the forms that the
// API makes safe. They mean most under AddressSanitizer on g++ 12, which
// destroys some temporaries of a co_await expression twice.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/combinators.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/task_local.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

constexpr const char* kLong = "long enough to live on the heap, always";

Task<std::string> Echo(std::string text) {
  co_await Checkpoint();
  co_return text;
}

TEST(CompilerHazardsTest, NamedClosureWithOwningCaptureAsBody) {
  int alive = 0;

  auto result = RunMocked([&]() -> Task<int> {
    auto body = [probe = LifetimeProbe(&alive)]() -> Task<int> {
      co_await Checkpoint();
      co_return 7;
    };
    auto value = co_await MoveOnAfter(absl::Seconds(1), body);
    co_return value.value_or(0);
  });

  EXPECT_EQ(result.value_or(0), 7);
  EXPECT_EQ(alive, 0);
}

TEST(CompilerHazardsTest, NamedClosureIsCopiedIntoEachAwaiter) {
  int alive = 0;

  auto result = RunMocked([&]() -> Task<int> {
    auto body = [probe = LifetimeProbe(&alive)]() -> Task<int> {
      co_await Checkpoint();
      co_return 1;
    };
    const int first = *co_await MoveOnAfter(absl::Seconds(1), body);
    const int second = co_await Shield(body);
    co_return first + second + alive;
  });

  EXPECT_EQ(result.value_or(0), 3);  // `body` itself is still alive.
  EXPECT_EQ(alive, 0);
}

TEST(CompilerHazardsTest, NamedClosureAsNurseryBody) {
  int alive = 0;

  auto result = RunMocked([&]() -> Task<absl::Status> {
    auto body = [probe = LifetimeProbe(&alive)](Nursery& n) -> Task<> {
      n.StartSoon([p = probe]() -> Task<> { co_await Checkpoint(); });
      co_await Checkpoint();
    };
    absl::Status status = co_await WithNursery(body);
    co_return status;
  });

  EXPECT_THAT(result, IsOk());
  EXPECT_EQ(alive, 0);
}

TEST(CompilerHazardsTest, TemporaryClosureWithTrivialCaptures) {
  int alive = 0;

  auto result = RunMocked([&]() -> Task<int> {
    LifetimeProbe probe(&alive);
    auto value = co_await MoveOnAfter(absl::Seconds(1), [&]() -> Task<int> {
      LifetimeProbe local = probe;
      co_await Checkpoint();
      co_return alive;
    });
    co_return *value;
  });

  EXPECT_EQ(result.value_or(0), 2);
  EXPECT_EQ(alive, 0);
}

TEST(CompilerHazardsTest, ClosureReturnedByACall) {
  int alive = 0;
  auto make_body = [&] {
    return [probe = LifetimeProbe(&alive)]() -> Task<int> {
      co_await Checkpoint();
      co_return 5;
    };
  };

  auto result = RunMocked([&]() -> Task<int> {
    auto body = make_body();
    const int value = co_await Shield(body);
    co_return value;
  });

  EXPECT_EQ(result.value_or(0), 5);
  EXPECT_EQ(alive, 0);
}

TEST(CompilerHazardsTest, OwningArgumentsInsteadOfCaptures) {
  auto result = RunMocked([]() -> Task<std::string> {
    std::string first = co_await Echo(kLong);
    std::string second = *co_await FailAfter(absl::Seconds(1), Echo(first));
    co_return *co_await MoveOnAfter(absl::Seconds(1), Echo(second + kLong));
  });

  EXPECT_EQ(result.value_or(""), std::string(kLong) + kLong);
}

TEST(CompilerHazardsTest, OwningArgumentsOfAnAwaitedStart) {
  auto child = [](std::string text, TaskStatus<std::string> status) -> Task<> {
    status.Started(text + text);
    co_await Checkpoint();
  };

  auto result = RunMocked([&]() -> Task<absl::StatusOr<std::string>> {
    auto body = [&](Nursery& n) -> Task<absl::StatusOr<std::string>> {
      co_return co_await n.Start<std::string>(child, std::string(kLong));
    };
    co_return co_await WithNursery(body);
  });

  EXPECT_EQ(result.value_or(""), std::string(kLong) + kLong);
}

TEST(CompilerHazardsTest, AwaiterThatIsMovedBeforeItIsAwaited) {
  int alive = 0;

  auto result = RunMocked([&]() -> Task<int> {
    auto body = [probe = LifetimeProbe(&alive)]() -> Task<int> {
      co_await Checkpoint();
      co_return 3;
    };
    auto awaiter = FailAfter(absl::Seconds(1), body);
    auto moved = std::move(awaiter);
    absl::StatusOr<int> value = co_await std::move(moved);
    co_return *value;
  });

  EXPECT_EQ(result.value_or(0), 3);
  EXPECT_EQ(alive, 0);
}

// What cannot be copied is used in place.
TEST(CompilerHazardsTest, NamedClosureThatCannotBeCopied) {
  auto result = RunMocked([]() -> Task<int> {
    auto body = [number = std::make_unique<int>(9)]() -> Task<int> {
      co_await Checkpoint();
      co_return *number;
    };
    const int value = co_await Shield(body);
    co_return value + *co_await MoveOnAfter(absl::Seconds(1), body);
  });

  EXPECT_EQ(result.value_or(0), 18);
}

TEST(CompilerHazardsTest, SuspendWithNamedOwningClosures) {
  int alive = 0;

  absl::Status status = RunMocked([&]() -> Task<> {
    auto start = [probe = LifetimeProbe(&alive)](Waker waker) {
      std::move(waker).Wake();
    };
    auto abort = [probe = LifetimeProbe(&alive)] { return Abort::kDone; };
    co_await Suspend(start, abort);
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(alive, 0);
}

struct Pair {
  std::string first;
  std::string second;
};

// An aggregate is safe as a named local and as a result, never as a temporary
// inside the expression.
TEST(CompilerHazardsTest, AggregatesAsNamedLocalsAndResults) {
  auto join = [](Pair pair) -> Task<Pair> {
    co_await Checkpoint();
    co_return Pair{pair.first + pair.second, kLong};
  };

  auto result = RunMocked([&]() -> Task<std::string> {
    Pair pair = {kLong, kLong};
    Pair joined = co_await join(std::move(pair));
    std::array<std::string, 2> both = {joined.first, joined.second};
    auto take = [](std::array<std::string, 2> texts) -> Task<std::string> {
      co_return texts[0] + texts[1];
    };
    co_return co_await take(both);
  });

  EXPECT_EQ(result.value_or("").size(), std::string(kLong).size() * 3);
}

TEST(CompilerHazardsTest, TemporariesWithConstructors) {
  using Parts = std::tuple<std::string, std::unique_ptr<int>>;
  auto weigh = [](Parts parts, std::vector<std::string> more) -> Task<size_t> {
    co_await Checkpoint();
    co_return std::get<0>(parts).size() + *std::get<1>(parts) + more.size();
  };

  auto result = RunMocked([&]() -> Task<size_t> {
    co_return co_await weigh(Parts(std::string(3, 'x'), new int(4)),
                             std::vector<std::string>(5, kLong));
  });

  EXPECT_EQ(result.value_or(0), 12u);
}

TEST(CompilerHazardsTest, CancelScopeOptionsInsideTheExpression) {
  auto result = RunMocked([]() -> Task<bool> {
    CancelScope scope({.timeout = absl::Seconds(1)});
    const bool completed = co_await scope.Run(SleepForever());
    co_return completed;
  });

  EXPECT_FALSE(result.value_or(true));
}

TEST(CompilerHazardsTest, AwaitsInConditionsAndLoops) {
  auto result = RunMocked([]() -> Task<int> {
    auto count = [](int n) -> Task<absl::StatusOr<int>> { co_return n; };
    int sum = 0;
    if (auto n = co_await count(1); n.ok()) sum += *n;
    while (*co_await count(sum) < 10) sum += *co_await count(3);
    switch (*co_await count(sum)) {
      case 10:
        co_return sum;
      default:
        co_return -1;
    }
  });

  EXPECT_EQ(result.value_or(0), 10);
}

TEST(CompilerHazardsTest, SeveralAwaitsInOneExpression) {
  auto result = RunMocked([]() -> Task<std::string> {
    std::string all = co_await Echo("a") + co_await Echo(co_await Echo(kLong));
    co_return all;
  });

  EXPECT_EQ(result.value_or(""), std::string("a") + kLong);
}

// g++ 12 destroys what ?: chooses inside of a co_await expression twice.
TEST(CompilerHazardsTest, ChoicesAreNamedBeforeTheyAreAwaited) {
  auto result = RunMocked([]() -> Task<std::string> {
    const bool is_even = CurrentEffectiveDeadline() == absl::InfiniteFuture();
    std::string chosen = is_even ? std::string(kLong) : std::string("short");
    co_return co_await Echo(std::move(chosen));
  });

  EXPECT_EQ(result.value_or(""), kLong);
}

// g++ warns of the frames of templates that are called with closures which are
// made in a coroutine that is a template itself.
TEST(CompilerHazardsTest, ClosuresPassThroughTemplatesWithoutWarnings) {
  TaskLocal<int> local;
  int calls = 0;
  auto call_all = [&](auto call) -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto child = [&](auto f) -> Task<> {
        (void)co_await WhenAll(f, f);
        (void)co_await Race(f, f);
        co_await local.With(1, f);
        auto started = [f](TaskStatus<> status) -> Task<> {
          status.Started();
          co_await f();
        };
        (void)co_await nursery.Start(started);
      };
      nursery.StartSoon(child, call);
      co_return;
    };
    co_return co_await WithNursery(body);
  };
  auto result = RunMocked([&]() -> Task<absl::Status> {
    co_return co_await call_all([&]() -> Task<> {
      ++calls;
      co_await Checkpoint();
    });
  });

  EXPECT_THAT(result, IsOk());
  EXPECT_EQ(calls, 6);
}

// Every frame is destroyed by the scheduler, never inside its own
// await_suspend, where newer compilers still write to it.
TEST(CompilerHazardsTest, CancelledCallsDestroyEachLocalOnce) {
  int alive = 0;
  auto leaf = [](LifetimeProbe) -> Task<> { co_await SleepForever(); };
  auto middle = [&](LifetimeProbe probe) -> Task<absl::Status> {
    LifetimeProbe local = probe;
    co_await leaf(probe);
    co_return absl::OkStatus();
  };
  auto outer = [&]() -> Task<absl::Status> {
    LifetimeProbe local(&alive);
    co_await Try(middle(local));
    co_return absl::OkStatus();
  };

  RunMocked([&]() -> Task<> {
    auto done = co_await MoveOnAfter(absl::Seconds(1), outer);
    EXPECT_FALSE(done.has_value());
    EXPECT_EQ(alive, 0);
  }).IgnoreError();

  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace creche
