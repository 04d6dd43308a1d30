// SPDX-License-Identifier: Apache-2.0
//
// Destructors that throw: what a local's destructor throws is the exception of
// its coroutine, however that ends.

#include <cstddef>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

#if defined(__cpp_exceptions)

namespace creche {
namespace {

class Thrower {
 public:
  explicit Thrower(bool throws = true) : throws_(throws) {}
  Thrower(Thrower&& other) noexcept
      : throws_(std::exchange(other.throws_, false)) {}
  ~Thrower() noexcept(false) {
    if (throws_) throw std::runtime_error("thrown by a destructor");
  }

 private:
  bool throws_;
};

absl::Status Refusal() { return absl::AbortedError("refused"); }

Task<absl::Status> Throws(bool waits) {
  Thrower local;
  if (waits) co_await Checkpoint();
  co_return absl::OkStatus();
}
Task<absl::Status> ThrowsInTry(bool waits) {
  Thrower local;
  if (waits) co_await Checkpoint();
  co_await Try(Refusal());
  co_return absl::OkStatus();
}
Task<absl::Status> ThrowsInTryOfACall(bool waits) {
  co_await Try(ThrowsInTry(waits));
  co_return absl::OkStatus();
}
Task<absl::Status> ThrowsWhenCancelled(bool) {
  auto sleep = []() -> Task<absl::Status> {
    Thrower local;
    co_await SleepForever();
    co_return absl::OkStatus();
  };
  auto passes_on = [&]() -> Task<absl::Status> { co_return co_await sleep(); };
  co_await MoveOnAfter(absl::Seconds(1), passes_on);
  ADD_FAILURE() << "the exception was swallowed";
  co_return absl::OkStatus();
}

// That no frame is left behind.
class CountFrames final : public internal::FramePool::Watcher {
 public:
  CountFrames() { internal::FramePool::set_watcher(this); }
  ~CountFrames() { internal::FramePool::set_watcher(nullptr); }
  void* Allocate(std::size_t size) override {
    ++frames;
    return ::operator new(internal::FramePool::CapacityFor(size));
  }
  void Free(void* memory, std::size_t size) noexcept override {
    --frames;
    internal::FramePool::FreeUnwatched(memory, size);
  }
  int frames = 0;
};

struct Case {
  const char* name;
  Task<absl::Status> (*function)(bool waits);
  bool waits;
};

class ThrowingDestructorTest : public ::testing::TestWithParam<Case> {
 protected:
  CRECHE_CORO_WRAPPER Task<absl::Status> Call() const {
    return GetParam().function(GetParam().waits);
  }
  template <typename F>
  static void ExpectThrow(F body) {
    CountFrames count;
    EXPECT_THROW(RunMocked(body).IgnoreError(), std::runtime_error);
    EXPECT_EQ(count.frames, 0);
  }
};

TEST_P(ThrowingDestructorTest, AwaitedByTheMainTask) {
  ExpectThrow([this]() -> Task<absl::Status> { co_return co_await Call(); });
}

TEST_P(ThrowingDestructorTest, AwaitedByACall) {
  ExpectThrow([this]() -> Task<absl::Status> {
    absl::Status status = co_await Call();
    ADD_FAILURE() << status;
    co_return status;
  });
}

TEST_P(ThrowingDestructorTest, AwaitedByTry) {
  ExpectThrow([this]() -> Task<absl::Status> {
    co_await Try(Call());
    ADD_FAILURE();
    co_return absl::OkStatus();
  });
}

TEST_P(ThrowingDestructorTest, AwaitedUnderATimeout) {
  ExpectThrow([this]() -> Task<absl::Status> {
    co_return co_await FailAfter(absl::Seconds(5), Call());
  });
}

TEST_P(ThrowingDestructorTest, IsCaught) {
  const absl::Status status = RunMocked([this]() -> Task<absl::Status> {
    try {
      absl::Status unreachable = co_await Call();
      ADD_FAILURE() << unreachable;
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "thrown by a destructor");
    }
    co_await Checkpoint();
    co_return absl::OkStatus();
  });
  EXPECT_THAT(status, IsOk());
}

TEST_P(ThrowingDestructorTest, InAChild) {
  CountFrames count;
  EXPECT_THROW(RunNursery([this](Nursery& nursery) -> Task<> {
                 nursery.StartSoon([this]() -> Task<absl::Status> {
                   co_return co_await Call();
                 });
                 co_await SleepForever();
               }).IgnoreError(),
               ExceptionGroup);
  EXPECT_EQ(count.frames, 0);
}

TEST_P(ThrowingDestructorTest, InANurserysBody) {
  CountFrames count;
  EXPECT_THROW(RunNursery([this](Nursery&) -> Task<absl::Status> {
                 co_return co_await Call();
               }).IgnoreError(),
               ExceptionGroup);
  EXPECT_EQ(count.frames, 0);
}

TEST_P(ThrowingDestructorTest, InABodyWithACleanup) {
  bool cleaned_up = false;
  ExpectThrow([&]() -> Task<absl::Status> {
    auto cleanup = [&]() -> Task<> {
      cleaned_up = true;
      co_await Checkpoint();
    };
    co_return co_await WithCleanup(Call(), cleanup);
  });
  EXPECT_TRUE(cleaned_up);
}

TEST_P(ThrowingDestructorTest, InACleanup) {
  ExpectThrow([this]() -> Task<absl::Status> {
    auto body = []() -> Task<absl::Status> { co_return absl::OkStatus(); };
    auto cleanup = [this]() -> Task<absl::Status> {
      co_return co_await Call();
    };
    co_return co_await WithCleanup(body, cleanup);
  });
}

INSTANTIATE_TEST_SUITE_P(
    AllEnds, ThrowingDestructorTest,
    ::testing::Values(Case{"Returns", &Throws, false},
                      Case{"ReturnsLater", &Throws, true},
                      Case{"Try", &ThrowsInTry, false},
                      Case{"TryLater", &ThrowsInTry, true},
                      Case{"TryOfACall", &ThrowsInTryOfACall, false},
                      Case{"TryOfACallLater", &ThrowsInTryOfACall, true},
                      Case{"Cancelled", &ThrowsWhenCancelled, false}),
    [](const auto& info) { return std::string(info.param.name); });

// As it would be without cancellation: the handler runs, and what comes after.
TEST(ThrowingDestructorCancelTest, CoroutineCatchesAndIsUnwoundLater) {
  bool caught = false;
  absl::Status status = RunMocked([&]() -> Task<> {
    auto body = [&]() -> Task<> {
      try {
        Thrower local;
        co_await SleepForever();
      } catch (const std::runtime_error&) {
        caught = true;
      }
      co_await Checkpoint();
      ADD_FAILURE() << "a cancelled task passed a checkpoint";
    };
    EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), body));
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_TRUE(caught);
}

TEST(ThrowingDestructorCancelTest, CoroutineCatchesAndReturns) {
  absl::Status status = RunMocked([&]() -> Task<> {
    auto body = [&]() -> Task<int> {
      try {
        Thrower local;
        co_await SleepForever();
      } catch (const std::runtime_error&) {
      }
      co_return 7;
    };
    std::optional<int> seven = co_await MoveOnAfter(absl::Seconds(1), body);
    EXPECT_EQ(seven, 7);
  });
  EXPECT_THAT(status, IsOk());
}

TEST(ThrowingDestructorDeathTest, CaughtWhereTryHasEndedTheCoroutine) {
  auto body = []() -> Task<absl::Status> {
    try {
      Thrower local;
      co_await Try(Refusal());
    } catch (const std::runtime_error&) {
    }
    co_return absl::OkStatus();
  };
  EXPECT_DEATH(RunMocked(body).IgnoreError(), "let the exception pass");
}

Task<> TakeArgument(Thrower) { co_return; }

TEST(ThrowingDestructorDeathTest, OfAnArgument) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 Thrower argument;
                 co_await TakeArgument(std::move(argument));
               }).IgnoreError(),
               "destructor of an argument of a coroutine has thrown");
}

TEST(ThrowingDestructorDeathTest, OfAnArgumentOfATaskThatNeverRuns) {
  EXPECT_DEATH(
      { Task<> task = TakeArgument(Thrower()); },
      "destructor of an argument of a coroutine has thrown");
}

}  // namespace
}  // namespace creche

#endif  // __cpp_exceptions
