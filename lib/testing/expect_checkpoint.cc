// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/expect_checkpoint.h"

#include <source_location>

#include "creche/core/instrument.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"

namespace creche::internal {

namespace {

// Uses up the running task's budget of operations that complete at once: what
// can wait for its turn does.
void UseUpOperations() { running.operations_left = -kWatchedOperations; }

}  // namespace

CheckpointProbe::CheckpointProbe() : task_(&CurrentTask("ExpectCheckpoint()")) {
  UseUpOperations();
  running.scheduler->AddInstrument(*this);
}

CheckpointProbe::~CheckpointProbe() {
  running.scheduler->RemoveInstrument(*this);
}

void CheckpointProbe::StepBegins(const TaskId& task) {
  if (task.id() == task_) UseUpOperations();
}

void CheckpointProbe::StepEnds(const TaskId& task) {
  if (task.id() != task_) return;
  has_passed_schedule_point_ = true;
  if (task_->is_at_cancel_point()) has_passed_cancel_point_ = true;
}

void CheckpointProbe::PassesCancelPoint() {
  if (running.task == task_) has_passed_cancel_point_ = true;
}

void CheckpointProbe::ExpectBoth(const std::source_location& location) const {
  if (!has_passed_cancel_point_) {
    ADD_FAILURE_AT(location.file_name(), static_cast<int>(location.line()))
        << "this should be a checkpoint, but it has passed no cancel point";
  }
  if (!has_passed_schedule_point_) {
    ADD_FAILURE_AT(location.file_name(), static_cast<int>(location.line()))
        << "this should be a checkpoint, but it has not let others run";
  }
}

void CheckpointProbe::ExpectNeither(
    const std::source_location& location) const {
  if (has_passed_cancel_point_) {
    ADD_FAILURE_AT(location.file_name(), static_cast<int>(location.line()))
        << "this should be no checkpoint, but it has passed a cancel point";
  }
  if (has_passed_schedule_point_) {
    ADD_FAILURE_AT(location.file_name(), static_cast<int>(location.line()))
        << "this should be no checkpoint, but it has let others run";
  }
}

}  // namespace creche::internal
