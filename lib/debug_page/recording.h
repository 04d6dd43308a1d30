// SPDX-License-Identifier: Apache-2.0
//
// Recording: a TraceRecorder for a part of a run.

#ifndef CRECHE_LIB_DEBUG_PAGE_RECORDING_H_
#define CRECHE_LIB_DEBUG_PAGE_RECORDING_H_

#include <cstddef>
#include <string>
#include <unordered_set>

#include "creche/core/instrument.h"
#include "creche/debug/trace_recorder.h"

namespace creche::internal {

// Records from its construction to its destruction, or until it is full: then
// the trace ends there. It knows the tasks that were listed at the begin
// (ListTasks()), and each other one, up to a limit, from its first step. In a
// task of the run.
class Recording final : public Instrument {
 public:
  Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() override;

  // No more comes.
  void Stop();

  // Requires: Stop() was called.
  const TraceRecorder& trace() const { return trace_; }

  void TaskSpawned(const TaskId& task) override;
  void StepBegins(const TaskId& task) override;
  void StepEnds(const TaskId& task) override;
  void TaskExited(const TaskId& task) override;

 private:
  // Whether the step that ends is one whose begin was recorded: the recording
  // may have begun in the middle of it.
  bool EndsStep(const TaskId& task);

  TraceRecorder trace_;
  std::unordered_set<const void*> living_;  // Tasks the trace knows.
  const void* stepping_ = nullptr;          // The one of them that runs.
  std::size_t tasks_ = 0;                   // That the trace ever knew.
  std::size_t steps_ = 0;
  bool has_stopped_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_PAGE_RECORDING_H_
