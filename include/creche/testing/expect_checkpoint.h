// SPDX-License-Identifier: Apache-2.0
//
// ExpectCheckpoint, ExpectNoCheckpoint: whether an operation lets others run
// and can be cancelled.
//
//   creche::Event event;
//   event.Set();
//   co_await creche::ExpectCheckpoint(event.Wait());
//
// Every operation of creche that completes is a checkpoint. Those of a program
// should be, too, at least those that run in a loop.

#ifndef CRECHE_TESTING_EXPECT_CHECKPOINT_H_
#define CRECHE_TESTING_EXPECT_CHECKPOINT_H_

#include <source_location>
#include <type_traits>
#include <utility>

#include "creche/core/instrument.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"

namespace creche::internal {

// Watches the running task, for as long as it lives. Several can watch at once,
// also the same task.
class CheckpointProbe final : public Instrument,
                              public creche::internal::CancelPointWatcher {
 public:
  CheckpointProbe();
  CheckpointProbe(const CheckpointProbe&) = delete;
  CheckpointProbe& operator=(const CheckpointProbe&) = delete;
  ~CheckpointProbe();

  // Report a failure unless the task has passed a cancel point and a schedule
  // point since; or if it has passed either.
  void ExpectBoth(const std::source_location& location) const;
  void ExpectNeither(const std::source_location& location) const;

  void StepBegins(const TaskId& task) override;
  void StepEnds(const TaskId& task) override;

 private:
  void PassesCancelPoint() override;

  const creche::internal::TaskRecord* const task_;
  bool has_passed_cancel_point_ = false;
  bool has_passed_schedule_point_ = false;
};

// The body is a parameter, so that a callable lives as long as its coroutine.
template <bool kExpected, typename Body>
CRECHE_CORO_OWNS_ARGUMENTS Task<typename AsyncBody<Body>::Result>
ProbeCheckpoint(AsyncBody<Body> body, std::source_location location) {
  using Result = typename AsyncBody<Body>::Result;
  CheckpointProbe probe;
  if constexpr (std::is_void_v<Result>) {
    co_await body.MakeTask();
    kExpected ? probe.ExpectBoth(location) : probe.ExpectNeither(location);
  } else {
    Result result = co_await body.MakeTask();
    kExpected ? probe.ExpectBoth(location) : probe.ExpectNeither(location);
    co_return result;
  }
}

}  // namespace creche::internal

namespace creche {

// Runs `body` (a Task, another awaitable, or a callable that returns one).
// co_await gives its result. It is a failure of the test if the task has not
// both passed a cancel point and let others run. (An operation that completes
// at once may do without the latter, up to 64 times in a row: here, none may.)
//
// Cancellation: as of `body`; then nothing is expected.
template <typename Body>
CRECHE_CORO_WRAPPER auto ExpectCheckpoint(
    Body&& body,
    std::source_location location = std::source_location::current()) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::ProbeCheckpoint<true>(
      internal::AsyncBody<Body>(std::forward<Body>(body)), location);
}

// The same, but it is a failure if the task has done either.
//
// Cancellation: as of `body`; then nothing is expected.
template <typename Body>
CRECHE_CORO_WRAPPER auto ExpectNoCheckpoint(
    Body&& body,
    std::source_location location = std::source_location::current()) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::ProbeCheckpoint<false>(
      internal::AsyncBody<Body>(std::forward<Body>(body)), location);
}

}  // namespace creche

#endif  // CRECHE_TESTING_EXPECT_CHECKPOINT_H_
