// SPDX-License-Identifier: Apache-2.0
//
// The native stack does not grow with the number of awaited tasks, and hardly
// with the depth of calls, on every compiler and at every optimisation level.

#include <pthread.h>

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

constexpr int kDepth = 100'000;
constexpr size_t kSmallStack = size_t{256} << 10;
constexpr size_t kNormalStack = size_t{8} << 20;

void RunOnThread(size_t stack_size, std::function<void()> f) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_size), 0);
  pthread_t thread;
  auto call = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, call, &f), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

Task<int> One() { co_return 1; }

Task<absl::Status> Fine() { co_return absl::OkStatus(); }

TEST(StackDepthTest, TenMillionReadyChildren) {
  RunOnThread(kSmallStack, [] {
    auto result = RunMocked([]() -> Task<int> {
      int sum = 0;
      for (int i = 0; i < 10'000'000; ++i) sum += co_await One();
      co_return sum;
    });
    EXPECT_EQ(result.value_or(0), 10'000'000);
  });
}

TEST(StackDepthTest, AMillionReadyTries) {
  RunOnThread(kSmallStack, [] {
    absl::Status status = RunMocked([]() -> Task<absl::Status> {
      for (int i = 0; i < 1'000'000; ++i) co_await Try(Fine());
      co_return absl::OkStatus();
    });
    EXPECT_THAT(status, IsOk());
  });
}

TEST(StackDepthTest, AMillionTimeoutsAroundReadyTasks) {
  RunOnThread(kSmallStack, [] {
    auto result = RunMocked([]() -> Task<int> {
      int sum = 0;
      for (int i = 0; i < 1'000'000; ++i) {
        sum += *co_await MoveOnAfter(absl::Seconds(1), One());
      }
      co_return sum;
    });
    EXPECT_EQ(result.value_or(0), 1'000'000);
  });
}

Task<int> Descend(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await Descend(depth - 1);
}

TEST(StackDepthTest, ADeepChainReturns) {
  RunOnThread(kSmallStack, [] {
    auto result = RunMocked([]() -> Task<int> {
      const int depth = co_await Descend(kDepth);
      co_return depth;
    });
    EXPECT_EQ(result.value_or(0), kDepth);
  });
}

Task<int> DescendAndWait(int depth) {
  if (depth == 0) {
    co_await SleepFor(absl::Seconds(1));
    co_return 0;
  }
  co_return 1 + co_await DescendAndWait(depth - 1);
}

TEST(StackDepthTest, ADeepChainWaitsAndReturns) {
  RunOnThread(kSmallStack, [] {
    auto result = RunMocked([]() -> Task<int> {
      const int depth = co_await DescendAndWait(kDepth);
      co_return depth;
    });
    EXPECT_EQ(result.value_or(0), kDepth);
  });
}

TEST(StackDepthTest, ADeepChainIsCancelled) {
  RunOnThread(kNormalStack, [] {
    auto result = RunMocked([]() -> Task<bool> {
      auto depth =
          co_await MoveOnAfter(absl::Milliseconds(1), DescendAndWait(kDepth));
      co_return depth.has_value();
    });
    EXPECT_FALSE(result.value_or(true));
  });
}

Task<absl::StatusOr<int>> TryAtEachLevel(int depth, bool wait) {
  if (depth == 0) {
    if (wait) co_await Checkpoint();
    co_return absl::NotFoundError("the bottom");
  }
  const int below = co_await Try(TryAtEachLevel(depth - 1, wait));
  co_return below + 1;
}

TEST(StackDepthTest, ADeepChainEndsEarly) {
  RunOnThread(kNormalStack, [] {
    for (const bool wait : {false, true}) {
      auto result = RunMocked([&]() -> Task<absl::StatusOr<int>> {
        auto status = co_await TryAtEachLevel(kDepth, wait);
        co_return status;
      });
      EXPECT_EQ(result.status(), absl::NotFoundError("the bottom"));
    }
  });
}

#if defined(__cpp_exceptions)
Task<int> DescendAndThrow(int depth) {
  if (depth == 0) {
    co_await Checkpoint();
    throw depth;
  }
  co_return co_await DescendAndThrow(depth - 1);
}

// A deep chain of rethrows, each in its own frame.
TEST(StackDepthTest, AChainThrows) {
  RunOnThread(kNormalStack, [] {
    EXPECT_THROW(RunMocked([]() -> Task<> {
                   co_await DescendAndThrow(1000);
                 }).IgnoreError(),
                 int);
  });
}
#endif

Task<> NestScopes(int depth) {
  if (depth == 0) {
    co_await SleepForever();
    co_return;
  }
  CancelScope scope;
  co_await scope.Run(NestScopes(depth - 1));
}

// Trio: test_very_deep_cancel_scope_nesting.
TEST(StackDepthTest, ManyNestedScopesAreCancelled) {
  RunOnThread(kSmallStack, [] {
    auto result = RunMocked([]() -> Task<bool> {
      co_return co_await MoveOnAfter(absl::Seconds(1), NestScopes(5000));
    });
    EXPECT_FALSE(result.value_or(true));
  });
}

Task<absl::Status> NestNurseries(int depth) {
  if (depth == 0) {
    co_await SleepForever();
    co_return absl::OkStatus();
  }
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(NestNurseries, depth - 1);
    co_return;
  };
  co_return co_await WithNursery(body);
}

TEST(StackDepthTest, ManyNestedNurseriesAreCancelled) {
  RunOnThread(kSmallStack, [] {
    auto result = RunMocked([]() -> Task<bool> {
      auto done = co_await MoveOnAfter(absl::Seconds(1), NestNurseries(5000));
      co_return done.has_value();
    });
    EXPECT_FALSE(result.value_or(true));
  });
}

TEST(StackDepthTest, ManyChildrenEndAtOnce) {
  RunOnThread(kSmallStack, [] {
    absl::Status status = RunMocked([]() -> Task<absl::Status> {
      auto body = [](Nursery& nursery) -> Task<> {
        for (int i = 0; i < 100'000; ++i) {
          nursery.StartSoon([]() -> Task<> { co_return; });
        }
        co_return;
      };
      co_return co_await WithNursery(body);
    });
    EXPECT_THAT(status, IsOk());
  });
}

}  // namespace
}  // namespace creche
