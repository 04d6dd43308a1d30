// SPDX-License-Identifier: Apache-2.0
//
// AtOnce, UntilItIsDone, Refused: how the table's awaitables are used. Each
// takes a Task, another awaitable, or a callable that returns one, and gives
// the error it ends with; OK if it gives no Status.

#ifndef CRECHE_TESTS_AWAITABLES_USE_H_
#define CRECHE_TESTS_AWAITABLES_USE_H_

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/testing/expect_checkpoint.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"

namespace creche::awaitables {

template <typename R>
CRECHE_CORO_OWNS_ARGUMENTS Task<absl::Status> OutcomeOf(Task<R> task) {
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
    co_return absl::OkStatus();
  } else {
    [[maybe_unused]] const R result = co_await std::move(task);
    if constexpr (internal::kIsStatusLike<R>) {
      co_return internal::StatusOf(result);
    } else {
      co_return absl::OkStatus();
    }
  }
}

// A closure is kept until its coroutine has ended.
template <typename Body>
CRECHE_CORO_OWNS_ARGUMENTS Task<absl::Status> OutcomeOfBody(
    internal::AsyncBody<Body> body) {
  co_return co_await OutcomeOf(body.MakeTask());
}

// Of which nothing is expected: its cancel points are those of other tasks, or
// up to its arguments.
template <typename Body>
CRECHE_CORO_WRAPPER Task<absl::Status> Awaited(Body&& body) {
  return OutcomeOfBody(internal::AsyncBody<Body>(std::forward<Body>(body)));
}

// Whether uses expect a checkpoint. Not in sweeps: an operation that succeeds
// after its cancellation passes its cancel point without stopping there.
inline bool expects_checkpoints = false;

// Which must be a checkpoint.
template <typename Body>
CRECHE_CORO_WRAPPER Task<absl::Status> AtOnce(Body&& body) {
  if (!expects_checkpoints) return Awaited(std::forward<Body>(body));
  return OutcomeOf(ExpectCheckpoint(std::forward<Body>(body)));
}

// Which must be none: for what is "not a checkpoint by itself".
template <typename Body>
CRECHE_CORO_WRAPPER Task<absl::Status> AtOnceWithoutCheckpoint(Body&& body) {
  if (!expects_checkpoints) return Awaited(std::forward<Body>(body));
  return OutcomeOf(ExpectNoCheckpoint(std::forward<Body>(body)));
}

template <typename Act>
CRECHE_CORO_OWNS_ARGUMENTS Task<absl::Status> WithAct(Task<absl::Status> wait,
                                                      Act act) {
  bool has_acted = false;
  auto actor = [&]() -> Task<absl::Status> {
    co_await WaitAllTasksBlocked();
    has_acted = true;
    if constexpr (std::is_void_v<decltype(act())>) {
      act();
      co_return absl::OkStatus();
    } else {
      co_return co_await OutcomeOf(act());
    }
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(actor);
    absl::Status status = co_await std::move(wait);
    EXPECT_TRUE(has_acted || !status.ok()) << "it has not waited";
    co_return status;
  };
  co_return co_await WithNursery(body);
}

// Which must be a checkpoint, and cannot complete before act() was called: that
// is when every task waits. act() returns a Task or nothing; if it fails, so
// does this.
template <typename Body, typename Act>
CRECHE_CORO_WRAPPER Task<absl::Status> UntilItIsDone(Body&& body, Act act) {
  return WithAct(AtOnce(std::forward<Body>(body)), std::move(act));
}

CRECHE_CORO_OWNS_ARGUMENTS inline Task<absl::Status> WithPlannedError(
    Task<absl::Status> task, bool (*is_planned)(const absl::Status&)) {
  absl::Status status = co_await std::move(task);
  if (is_planned(status)) co_return absl::OkStatus();
  if (status.ok()) co_return absl::UnknownError("it was not refused");
  co_return status;
}

// Which must be a checkpoint, and give an error of which is_planned(status) is
// true.
template <typename Body>
CRECHE_CORO_WRAPPER Task<absl::Status> Refused(
    Body&& body, bool (*is_planned)(const absl::Status&)) {
  return WithPlannedError(AtOnce(std::forward<Body>(body)), is_planned);
}

}  // namespace creche::awaitables

#endif  // CRECHE_TESTS_AWAITABLES_USE_H_
