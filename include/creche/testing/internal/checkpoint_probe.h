// SPDX-License-Identifier: Apache-2.0
//
// CheckpointProbe: whether a body has passed cancel points and schedule points.

#ifndef CRECHE_TESTING_INTERNAL_CHECKPOINT_PROBE_H_
#define CRECHE_TESTING_INTERNAL_CHECKPOINT_PROBE_H_

#include <source_location>
#include <type_traits>

#include "creche/core/instrument.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"

namespace creche::internal {

// Watches the running task, for as long as it lives. Several can watch at once,
// also the same task.
class CheckpointProbe final : public Instrument, public CancelPointWatcher {
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

  const TaskRecord* const task_;
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

#endif  // CRECHE_TESTING_INTERNAL_CHECKPOINT_PROBE_H_
