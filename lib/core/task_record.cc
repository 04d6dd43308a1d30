// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/task_record.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/local_bindings.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche::internal {

void TaskRecord::UsedOutsideOfItsRun() {
  Misuse(
      "a task was to be woken outside of its run: what tasks wait for (an "
      "Event, a channel, a Lock, ...) belongs to the thread of their run");
}

void TaskRecord::WokenWithoutWaiting() {
  Misuse(
      "a task was woken that does not wait: a Waker is used once, and not "
      "after its abort function has answered Abort::kDone");
}

void TaskRecord::WakeToCheck(ResumeCheck& check) {
  Wake();
  turn_ = Turn::kCheck;
  check_ = &check;
}

void TaskRecord::WakeAborted() {
  CheckIsOfThisRun();
  if (state_ != State::kAborting) {
    Misuse(
        "Waker::Aborted() was called for a task whose abort function has not "
        "answered Abort::kPending");
  }
  turn_ = Turn::kUnwind;
  BecomeRunnable();
}

void TaskRecord::UnwindFrom(Frame leaf) {
  SuspendAt(leaf);
  turn_ = Turn::kUnwind;
  waits_for_ = "its turn to unwind";
  BecomeRunnable();
}

Abort TaskRecord::CallAbort() {
  const AbortFunction abort = std::exchange(abort_, nullptr);
  const OnBehalfOf self(*this);
  return abort(operation_);
}

void TaskRecord::RequestAbort() {
  if (state_ != State::kWaiting || abort_ == nullptr) return;
  // While the abort function runs the task still counts as waiting, so that
  // the operation may complete after all.
  const Abort answer = CallAbort();
  if (answer == Abort::kPending) {
    if (state_ == State::kWaiting) state_ = State::kAborting;
    return;
  }
  if (answer != Abort::kDone || state_ != State::kWaiting) {
    Misuse(
        "an abort function answers Abort::kDone (and then nobody wakes the "
        "task) or Abort::kPending");
  }
  turn_ = Turn::kUnwind;
  BecomeRunnable();
}

void TaskRecord::TellEachInstrument(InstrumentHook hook) const {
  const TaskId id(this, name_to_show());
  for (Instrument* instrument : running.scheduler->instruments()) {
    (instrument->*hook)(id);
  }
}

bool SpendWatchedOperation() {
  if (running.watchers == nullptr) return false;
  CancelPointWatcher::TellAll();
  return running.operations_left >= -kWatchedOperations &&
         !running.task->is_cancelled();
}

TaskRecord& CurrentTask(const char* what) {
  if (running.task == nullptr) {
    Misuse(absl::StrCat(what, " was called outside of a task"));
  }
  return *running.task;
}

}  // namespace creche::internal
