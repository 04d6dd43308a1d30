// SPDX-License-Identifier: Apache-2.0
//
// Operations that Try() and scopes await where they are, without a coroutine.

#include "creche/core/internal/awaiting_body.h"

#include <cstddef>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_operation.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

// Counts the coroutines and tasks that are made.
class CountFrames final : public internal::FramePool::Watcher {
 public:
  CountFrames() { internal::FramePool::set_watcher(this); }
  ~CountFrames() { internal::FramePool::set_watcher(nullptr); }

  void* Allocate(std::size_t size) override {
    ++count;
    return ::operator new(internal::FramePool::CapacityFor(size));
  }
  void Free(void* memory, std::size_t size) noexcept override {
    internal::FramePool::FreeUnwatched(memory, size);
  }

  int count = 0;
};

// Gives what it is told, at once or when it is told.
class Mailbox {
 public:
  class TakeOperation : public ParkingOperation<TakeOperation> {
   public:
    static constexpr const char* kName = "Mailbox::Take";
    explicit TakeOperation(Mailbox* box) : box_(box) {}
    bool TryComplete() { return box_->letter.has_value(); }
    ParkingLot& lot() { return box_->waiters; }
    absl::StatusOr<int> await_resume() {
#if defined(__cpp_exceptions)
      if (box_->throws) throw std::runtime_error("torn");
#endif
      return *std::exchange(box_->letter, std::nullopt);
    }

   private:
    Mailbox* box_;
  };

  TakeOperation Take() { return TakeOperation(this); }
  Task<> PutLater(absl::StatusOr<int> what) {
    co_await Checkpoint();
    letter = std::move(what);
    waiters.Unpark(1);
  }

  std::optional<absl::StatusOr<int>> letter;
  ParkingLot waiters;
  bool throws = false;
};

constexpr absl::Duration kLong = absl::Hours(1);

class AwaitingBodyTest : public ::testing::TestWithParam<bool> {
 protected:
  // Runs `take` while `what` is in the mailbox, or comes into it.
  template <typename Take>
  static auto TakeWhile(absl::StatusOr<int> what, Take take) {
    return RunMocked([=]() -> Task<absl::StatusOr<int>> {
      Mailbox box;
      if (!GetParam()) box.letter = what;
      absl::StatusOr<int> taken;
      auto body = [&](Nursery& nursery) -> Task<> {
        if (GetParam()) nursery.StartSoon(&Mailbox::PutLater, &box, what);
        taken = co_await take(box);
      };
      (void)co_await WithNursery(body);
      co_return taken;
    });
  }
};

TEST_P(AwaitingBodyTest, TryUnwrapsOrEndsTheCoroutine) {
  auto take = [](Mailbox& box) -> Task<absl::StatusOr<int>> {
    const int letter = co_await Try(box.Take());
    co_return letter + 1;
  };

  EXPECT_EQ(TakeWhile(1, take).value_or(0), 2);
  EXPECT_EQ(TakeWhile(absl::DataLossError("wet"), take).status(),
            absl::DataLossError("wet"));
}

TEST_P(AwaitingBodyTest, ThroughScopesAndTry) {
  auto take = [](Mailbox& box) -> Task<absl::StatusOr<int>> {
    CancelScope scope;
    const int letter = co_await Try(
        FailAfter(kLong, FailAfter(2 * kLong, Shield(box.Take()))));
    const absl::Time after = CurrentEffectiveDeadline();
    co_return after == absl::InfiniteFuture() ? letter : -1;
  };

  EXPECT_EQ(TakeWhile(1, take).value_or(0), 1);
  EXPECT_EQ(TakeWhile(absl::DataLossError("wet"), take).status(),
            absl::DataLossError("wet"));
}

TEST_P(AwaitingBodyTest, MakesNoCoroutine) {
  auto take = [](Mailbox& box) -> Task<absl::StatusOr<int>> {
    const CountFrames frames;
    const int letter = co_await Try(FailAfter(kLong, box.Take()));
    co_return letter + 100 * frames.count;
  };
  // Of the other task's coroutine, if there is one.
  const int others = GetParam() ? 1 : 0;

  EXPECT_EQ(TakeWhile(1, take).value_or(0), 1 + 100 * others);
}

#if defined(__cpp_exceptions)
TEST_P(AwaitingBodyTest, ExceptionsPassScopesAndTry) {
  auto take = [](Mailbox& box) -> Task<absl::StatusOr<int>> {
    box.throws = true;
    try {
      const int letter = co_await Try(FailAfter(kLong, box.Take()));
      co_return letter;
    } catch (const std::runtime_error&) {
      co_return CurrentEffectiveDeadline() == absl::InfiniteFuture() ? 7 : -1;
    }
  };

  EXPECT_EQ(TakeWhile(1, take).value_or(0), 7);
}
#endif

INSTANTIATE_TEST_SUITE_P(AtOnceAndLater, AwaitingBodyTest, ::testing::Bool());

TEST(AwaitingBodyCancelTest, TheInnerTimeoutIsCaughtInsideTheOuter) {
  auto result = RunMocked([]() -> Task<absl::Status> {
    const Completed<Completed<void>> outer = co_await MoveOnAfter(
        absl::Seconds(2), MoveOnAfter(absl::Seconds(1), SleepForever()));
    EXPECT_TRUE(outer.has_value());
    EXPECT_FALSE(outer.value_or(true));
    co_return absl::OkStatus();
  });

  EXPECT_THAT(result, IsOk());
}

TEST(AwaitingBodyCancelTest, TheOuterTimeoutPassesTheInner) {
  auto result = RunMocked([]() -> Task<absl::Status> {
    const absl::Time start = Now();
    const Completed<Completed<void>> outer = co_await MoveOnAfter(
        absl::Seconds(1), MoveOnAfter(absl::Seconds(2), SleepForever()));
    EXPECT_FALSE(outer.has_value());
    EXPECT_EQ(Now() - start, absl::Seconds(1));
    EXPECT_EQ(CurrentEffectiveDeadline(), absl::InfiniteFuture());
    co_return absl::OkStatus();
  });

  EXPECT_THAT(result, IsOk());
}

TEST(AwaitingBodyCancelTest, ATimeoutInsideOfTryEndsTheCoroutine) {
  Mailbox box;
  auto result = RunMocked([&]() -> Task<absl::Status> {
    co_await Try(FailAfter(absl::Seconds(1), box.Take()));
    ADD_FAILURE() << "went on";
    co_return absl::OkStatus();
  });

  EXPECT_TRUE(IsTimeout(result)) << result;
  EXPECT_TRUE(box.waiters.empty());
}

TEST(AwaitingBodyCancelTest, ACancellationPassesTryAndScopes) {
  Mailbox box;
  auto result = RunMocked([&]() -> Task<absl::Status> {
    CancelScope scope;
    auto take = [&]() -> Task<absl::Status> {
      co_await Try(FailAfter(kLong, box.Take()));
      ADD_FAILURE() << "went on";
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> { (void)co_await scope.Run(take()); });
      while (box.waiters.empty()) co_await Checkpoint();
      scope.Cancel();
    };
    co_return co_await WithNursery(body);
  });

  EXPECT_THAT(result, IsOk());
  EXPECT_TRUE(box.waiters.empty());
}

}  // namespace
}  // namespace creche
