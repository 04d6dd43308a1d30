// SPDX-License-Identifier: Apache-2.0
//
// What the tests of sync/ share: runs on simulated time, and races between the
// completion of a wait and its cancellation.

#ifndef CRECHE_TESTS_SYNC_IN_RUN_H_
#define CRECHE_TESTS_SYNC_IN_RUN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {

// Runs `main`, a Task<>, to its end.
template <typename F>
void InRun(F&& main, std::optional<std::uint64_t> schedule_seed = {}) {
  FakePort port;
  MockClock clock;
  absl::Status status = creche::Run(
      {.clock = &clock, .port = &port, .schedule_seed = schedule_seed}, main);
  EXPECT_THAT(status, IsOk());
}

// Runs `body` in a nursery, to its end.
template <typename F>
void InNursery(F&& body, std::optional<std::uint64_t> schedule_seed = {}) {
  auto main = [&]() -> Task<absl::Status> {
    co_return co_await WithNursery(body);
  };
  InRun(main, schedule_seed);
}

// Long enough for all tasks to come to where they wait.
inline Task<> LetOthersRun() {
  for (int i = 0; i < 4; ++i) co_await ShieldedCheckpoint();
}

enum class Order { kCompleteThenCancel, kCancelThenComplete };

// Lets a task wait for `operation`, and then calls `complete`, which is to end
// that wait, and cancels the task, without anybody running in between. Returns
// whether the operation completed. A task whose operation has completed is
// cancelled at its next checkpoint.
template <typename Operation>
Task<bool> CompleteAndCancel(Order order, Operation operation,
                             std::function<void()> complete) {
  CancelScope scope;
  bool has_completed = false;
  auto in_scope = [&]() -> Task<> {
    co_await operation();
    has_completed = true;
    co_await Checkpoint();
    ADD_FAILURE() << "a cancelled task passed a checkpoint";
  };
  auto wait = [&]() -> Task<> { co_await scope.Run(in_scope); };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(wait);
    co_await LetOthersRun();
    EXPECT_FALSE(has_completed);
    if (order == Order::kCompleteThenCancel) complete();
    scope.Cancel();
    if (order == Order::kCancelThenComplete) complete();
  };
  absl::Status status = co_await WithNursery(body);
  EXPECT_THAT(status, IsOk());
  EXPECT_TRUE(scope.cancelled_caught());
  co_return has_completed;
}

// True if `operation`, awaited by a task that is cancelled already, does not
// complete.
template <typename Operation>
Task<bool> IsCancelPoint(Operation operation) {
  CancelScope scope;
  scope.Cancel();
  co_return !co_await scope.Run(operation);
}

}  // namespace creche

#endif  // CRECHE_TESTS_SYNC_IN_RUN_H_
