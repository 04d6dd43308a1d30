// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/task_record.h"

#include <string>

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
  BecomeRunnable();
}

const char* TaskRecord::waits_for() const {
  if (is_waiting()) return waits_for_;
  switch (turn_) {
    case Turn::kBegin:
      return "its first turn";
    case Turn::kUnwind:
      return "its turn to unwind";
    default:
      return "its turn";
  }
}

Abort TaskRecord::CallOnCancel() {
  const OnBehalfOf self(*this);
  return wait_kind_->on_cancel(wait_);
}

void TaskRecord::RequestAbort() {
  if (state_ != State::kWaiting || wait_kind_->on_cancel == nullptr) return;
  // The task waits still, so that what it waits for may happen after all, even
  // while OnCancel() runs.
  state_ = State::kAborting;
  const Abort answer = CallOnCancel();
  if (answer == Abort::kPending) return;
  if (answer != Abort::kDone || state_ != State::kAborting) {
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
