// SPDX-License-Identifier: Apache-2.0
//
// What a nursery counts and keeps, as the rest of the library sees it.

#include "creche/core/internal/nursery_state.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/nursery_access.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche::internal {
namespace {

Task<> Wait(TaskRecord** record) {
  *record = running.task;
  co_await SleepForever();
}

// The child is counted, cancelled and woken where it is.
TEST(NurseryStateTest, AChildMovesWithWhatBelongsToIt) {
  TaskRecord* child = nullptr;
  auto inner = [&](NurseryState& outer, Nursery& nursery) -> Task<> {
    NurseryState& from = NurseryAccess::State(nursery);
    nursery.StartSoon(Wait, &child);
    co_await WaitAllTasksBlocked();
    NurseryState::Move(*child, outer);
    EXPECT_EQ(child->nursery(), &outer);
    EXPECT_EQ(child->scope(), &outer.scope());
    EXPECT_EQ(from.child_count(), 0u);
    EXPECT_EQ(outer.child_count(), 1u);
    nursery.Cancel();
    EXPECT_EQ(child->state(), TaskRecord::State::kWaiting);
  };
  auto main = [&](Nursery& nursery) -> Task<> {
    auto body = [&](Nursery& temporary) -> Task<> {
      co_await inner(NurseryAccess::State(nursery), temporary);
    };
    // It does not wait for the child.
    (co_await WithNursery(body)).IgnoreError();
    nursery.Cancel();
    EXPECT_EQ(child->state(), TaskRecord::State::kRunnable);
  };
  const absl::Status status = RunNursery(main);
  EXPECT_THAT(status, IsOk());
}

TEST(NurseryStateTest, AMovedChildIsCancelledIfItsNewNurseryIs) {
  const absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.Cancel();
    TaskRecord* child = nullptr;
    auto body = [&](Nursery& temporary) -> Task<> {
      temporary.StartSoon(Wait, &child);
      co_await WaitAllTasksBlocked();
      EXPECT_EQ(child->state(), TaskRecord::State::kWaiting);
      NurseryState::Move(*child, NurseryAccess::State(nursery));
      EXPECT_EQ(child->state(), TaskRecord::State::kRunnable);
    };
    CancelScope shield({.shield = true});
    co_await shield.Run(
        [&]() -> Task<> { (co_await WithNursery(body)).IgnoreError(); });
  });
  EXPECT_THAT(status, IsOk());
}

TEST(NurseryStateTest, StaysOpenForAPendingStart) {
  bool has_closed = false;
  NurseryState* state = nullptr;
  auto main = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<> {
      co_await Checkpoint();
      co_await Checkpoint();
      EXPECT_FALSE(has_closed);
      state->RemovePendingStart();
    });
    auto body = [&](Nursery& pending) -> Task<> {
      state = &NurseryAccess::State(pending);
      state->AddPendingStart();
      co_return;
    };
    (co_await WithNursery(body)).IgnoreError();
    has_closed = true;
  };
  const absl::Status status = RunNursery(main);
  EXPECT_THAT(status, IsOk());
  EXPECT_TRUE(has_closed);
}

TEST(NurseryStateTest, WhatCompletedIsNotGivenUpIfThatIsAskedFor) {
  for (const bool keeps : {false, true}) {
    CancelScope scope;
    bool goes_on = false;
    auto body = [&](Nursery& nursery) -> Task<> {
      if (keeps) NurseryAccess::State(nursery).KeepCompleted();
      scope.Cancel();
      co_await Checkpoint();
    };
    auto main = [&]() -> Task<absl::Status> {
      co_await scope.Run([&]() -> Task<> {
        (co_await WithNursery(body)).IgnoreError();
        goes_on = true;
      });
      co_return absl::OkStatus();
    };
    EXPECT_THAT(RunMocked(main), IsOk());
    EXPECT_EQ(goes_on, keeps);
  }
}

TEST(NurseryStateTest, ForgetsWhatItWasToldWhenItIsPutAway) {
  NurseryState* state = nullptr;
  auto main = [&]() -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<> {
      state = &NurseryAccess::State(nursery);
      nursery.Cancel("a reason");
      EXPECT_EQ(state->cancel_scope().reason(), "a reason");
      co_return;
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_EQ(state->cancel_scope().reason(), "");
    EXPECT_TRUE(state->TakeFailures().empty());
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunMocked(main), IsOk());
}

}  // namespace
}  // namespace creche::internal
