// SPDX-License-Identifier: Apache-2.0
//
// What a child refers to must outlive the nursery's body, and be seen to.

#include <cstddef>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/nursery.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

constexpr char kRule[] = "a local of the nursery's body";

Task<> Increment(int& number) {
  ++number;
  co_return;
}
Task<> IncrementAt(int* number) {
  ++*number;
  co_return;
}
template <typename T>
Task<> Take(T) {
  co_return;
}
Task<> TakeAndStart(int& number, TaskStatus<> status) {
  ++number;
  status.Started();
  co_return;
}

TEST(NurseryLendDeathTest, ReferenceToALocalOfTheBody) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 int local = 0;
                 nursery.StartSoon(Increment, std::ref(local));
                 co_return;
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, ConstReferenceToALocalOfTheBody) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 const std::string local;
                 co_await Checkpoint();
                 nursery.StartSoon(
                     [](const std::string&) -> Task<> { co_return; },
                     std::cref(local));
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, PointerToALocalOfTheBody) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 int local = 0;
                 co_await Checkpoint();
                 nursery.StartSoon(IncrementAt, &local);
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, ViewsOfALocalOfTheBody) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 int local[3] = {};
                 nursery.StartSoon(Take<absl::Span<int>>,
                                   absl::MakeSpan(local));
                 co_return;
               }).IgnoreError(),
               kRule);
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 char local[3] = {};
                 nursery.StartSoon(Take<std::string_view>,
                                   std::string_view(local, 3));
                 co_return;
               }).IgnoreError(),
               kRule);
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 char local[3] = {};
                 nursery.StartSoon(Take<const char*>, local);
                 co_return;
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, CallableInTheBody) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 auto child = []() -> Task<> { co_return; };
                 nursery.StartSoon(std::ref(child));
                 co_await Checkpoint();
               }).IgnoreError(),
               kRule);
}

Task<> CallThatLends(Nursery& nursery) {
  int local = 0;
  nursery.StartSoon(Increment, std::ref(local));
  co_await Checkpoint();
}

TEST(NurseryLendDeathTest, LocalOfACallThatTheBodyAwaits) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 co_await CallThatLends(nursery);
               }).IgnoreError(),
               kRule);
}

Task<absl::Status> CallThatLendsLater(Nursery& nursery) {
  int local = 0;
  co_await Checkpoint();
  const auto inner = [&]() -> Task<> {
    co_await Checkpoint();
    nursery.StartSoon(Increment, std::ref(local));
  };
  co_await MoveOnAfter(absl::Seconds(1), inner);
  co_return absl::OkStatus();
}

TEST(NurseryLendDeathTest, LocalOfACallersCallThroughScopesAndTry) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<absl::Status> {
                 co_await Try(CallThatLendsLater(nursery));
                 co_return absl::OkStatus();
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, InnerBodyLendsToTheOuterNursery) {
  EXPECT_DEATH(RunNursery([](Nursery& outer) -> Task<absl::Status> {
                 const auto inner = [&](Nursery&) -> Task<> {
                   int local = 0;
                   outer.StartSoon(Increment, std::ref(local));
                   co_return;
                 };
                 co_return co_await WithNursery(inner);
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, Start) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<absl::Status> {
                 int local = 0;
                 co_return co_await nursery.Start(TakeAndStart,
                                                  std::ref(local));
               }).IgnoreError(),
               kRule);
}

TEST(NurseryLendDeathTest, LocalOfTheBodyThatAChildLends) {
  EXPECT_DEATH(RunNursery([](Nursery& nursery) -> Task<> {
                 int local = 0;
                 nursery.StartSoon([&nursery, &local]() -> Task<> {
                   nursery.StartSoon(Increment, std::ref(local));
                   co_return;
                 });
                 co_await Checkpoint();
                 co_await Checkpoint();
               }).IgnoreError(),
               kRule);
}

// Outside of the body, whoever starts the child, and however deep.
TEST(NurseryLendTest, WhatOutlivesTheBodyIsLent) {
  int sum = 0;
  const absl::Status status = RunMocked([&]() -> Task<absl::Status> {
    int local = 0;
    auto outer_body = [&, captured = 0](Nursery& outer) mutable -> Task<> {
      int of_outer = 0;
      outer.StartSoon(Increment, std::ref(local));
      outer.StartSoon(IncrementAt, &captured);
      const auto inner_body = [&](Nursery& inner) -> Task<> {
        inner.StartSoon(Increment, std::ref(of_outer));
        inner.StartSoon(Increment, std::ref(local));
        co_await CheckpointIfCancelled();
        absl::Status started =
            co_await inner.Start(TakeAndStart, std::ref(of_outer));
        EXPECT_THAT(started, IsOk());
        inner.StartSoon(Take<Nursery*>, &outer);
        inner.StartSoon(Take<const char*>, "text");
      };
      absl::Status status = co_await WithNursery(inner_body);
      EXPECT_THAT(status, IsOk());
      sum += of_outer;
    };
    absl::Status status = co_await WithNursery(outer_body);
    sum += local;
    co_return status;
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(sum, 4);
}

// What is converted is the child's own from then on.
TEST(NurseryLendTest, WhatIsConvertedIsNotLent) {
  const absl::Status status = RunNursery([](Nursery& nursery) -> Task<> {
    const char local[] = "text";
    const auto child = [](const std::string& text) -> Task<> {
      EXPECT_EQ(text, "text");
      co_return;
    };
    nursery.StartSoon(child, local);
    co_return;
  });
  EXPECT_THAT(status, IsOk());
}

// A child may wait for a nursery's children, or not: nobody can tell.
TEST(NurseryLendTest, ChildLendsToItsSibling) {
  const absl::Status status = RunNursery([](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&nursery]() -> Task<> {
      int local = 0;
      nursery.StartSoon(Increment, std::ref(local));
      co_await Checkpoint();
      co_await Checkpoint();
      EXPECT_EQ(local, 1);
    });
    co_return;
  });
  EXPECT_THAT(status, IsOk());
}

// The frame goes with the body. (What refers to it is for sanitizers to see.)
TEST(NurseryLendTest, BodysFrameIsFreedWhenTheBodyHasEnded) {
  struct CountFrames final : internal::FramePool::Watcher {
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
  const absl::Status status = RunMocked([]() -> Task<absl::Status> {
    CountFrames watcher;
    const auto child = [&]() -> Task<> {
      co_await Checkpoint();
      EXPECT_EQ(watcher.frames, 2) << "the child's record and its frame";
    };
    const auto body = [&](Nursery& nursery) -> Task<int> {
      nursery.StartSoon(std::ref(child));
      co_return 7;
    };
    absl::StatusOr<int> seven = co_await WithNursery(body);
    EXPECT_EQ(seven.value_or(0), 7);
    co_return absl::OkStatus();
  });
  EXPECT_THAT(status, IsOk());
}

}  // namespace
}  // namespace creche
