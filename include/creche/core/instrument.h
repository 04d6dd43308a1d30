// SPDX-License-Identifier: Apache-2.0
//
// Instrument: is told as tasks come, run and go. For tracing and measuring.
//
//   class StepCounter : public creche::Instrument {
//    public:
//     void StepBegins(const creche::TaskId&) override { ++steps; }
//     int steps = 0;
//   };

#ifndef CRECHE_CORE_INSTRUMENT_H_
#define CRECHE_CORE_INSTRUMENT_H_

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

  // No task can run: the run waits for the outside world.
  virtual void BeforeIoWait(absl::Duration /*at_most*/) {}
  virtual void AfterIoWait() {}
};

}  // namespace creche

#endif  // CRECHE_CORE_INSTRUMENT_H_
