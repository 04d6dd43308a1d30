// SPDX-License-Identifier: Apache-2.0
//
// Instrument: is told as tasks and scopes come and go. For tracing and
// measuring.
//
//   class StepCounter : public creche::Instrument {
//    public:
//     void StepBegins(const creche::TaskId&) override { ++steps; }
//     int steps = 0;
//   };

#ifndef CRECHE_CORE_INSTRUMENT_H_
#define CRECHE_CORE_INSTRUMENT_H_

#include <source_location>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace creche {

// A task, as instruments see it. Valid during the call only.
class TaskId {
 public:
  // For those who call instruments.
  TaskId(const void* id, absl::string_view name) : id_(id), name_(name) {}

  // Tells tasks that are alive at the same time apart.
  const void* id() const { return id_; }
  // "main" of the main task; empty if a child has none.
  absl::string_view name() const { return name_; }

 private:
  const void* id_;
  absl::string_view name_;
};

// A cancel scope, as instruments see it: a CancelScope, or that of a timeout, a
// shield, a nursery or the run. Valid during the call only.
class ScopeId {
 public:
  // For those who call instruments.
  ScopeId(const void* id, absl::string_view reason, std::source_location place)
      : id_(id), reason_(reason), place_(place) {}

  // Tells scopes that are in use at the same time apart.
  const void* id() const { return id_; }
  // Why the scope was cancelled; empty if it was not, or without a reason.
  absl::string_view reason() const { return reason_; }
  // The co_await at which the running task enters or leaves the scope, or its
  // last one before it cancels the scope; before its first one, where the
  // coroutine is. Line 0 if no code of a task runs: a deadline has passed, or
  // the task is being unwound.
  const std::source_location& place() const { return place_; }

 private:
  const void* id_;
  absl::string_view reason_;
  std::source_location place_;
};

// All functions are called on the run's thread, and must neither throw nor call
// into the run. They cost nothing where no instrument is installed.
class Instrument {
 public:
  virtual ~Instrument() = default;

  // Before there is a task, and when there is none any more.
  virtual void BeforeRun() {}
  virtual void AfterRun() {}

  // A task's life: it is made, becomes runnable, runs in steps from one wait to
  // the next, and ends.
  virtual void TaskSpawned(const TaskId& /*task*/) {}
  virtual void TaskScheduled(const TaskId& /*task*/) {}  // It became runnable.
  virtual void StepBegins(const TaskId& /*task*/) {}
  virtual void StepEnds(const TaskId& /*task*/) {}  // Unless it exited.
  virtual void TaskExited(const TaskId& /*task*/) {}

  // A scope's life: a task enters it, and leaves it. Meanwhile or before, it is
  // cancelled once, if at all: by Cancel(), its deadline, or a failure in its
  // nursery, but not because a scope outside of it is.
  virtual void ScopeEntered(const ScopeId& /*scope*/, const TaskId& /*task*/) {}
  virtual void ScopeCancelled(const ScopeId& /*scope*/) {}
  virtual void ScopeExited(const ScopeId& /*scope*/, const TaskId& /*task*/) {}

  // No task can run: the run waits for the outside world.
  virtual void BeforeIoWait(absl::Duration /*at_most*/) {}
  virtual void AfterIoWait() {}
};

}  // namespace creche

#endif  // CRECHE_CORE_INSTRUMENT_H_
