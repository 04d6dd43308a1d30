// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/internal/task_operation.h"

#include <liburing.h>

#include <cerrno>
#include <utility>

#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"
#include "lib/uring/restart_code.h"

namespace creche::internal {

void TaskOperation::StartAndWait(Frame leaf, const io_uring_sqe& entry,
                                 const char* what) {
  task_ = running.task;
  if (task_->is_cancelled()) {
    task_->UnwindFrom(leaf);
    return;
  }
  StartNext(entry);
  WaitUnderWay(leaf, what);
}

void TaskOperation::WaitUnderWay(Frame leaf, const char* what) {
  task_->Wait(leaf, &CallAbort, this, what);
}

bool TaskOperation::StartAtOnce(const io_uring_sqe& entry) {
  task_ = running.task;
  has_result_ = false;
  OperationResult completed;
  is_under_way_ =
      !OperationPort::Current().StartAtOnce(*this, entry, completed);
  if (is_under_way_) return false;
  result_ = WithoutRestartCode(completed.result);
  flags_ = completed.flags;
  return true;
}

// A background operation is not counted as pending, so say that there is
// somebody who could wake the run.
void TaskOperation::WaitForOther(Frame leaf, const char* what) {
  task_ = running.task;
  waits_for_other_ = true;
  running.scheduler->AddOutsideWaker();
  task_->Wait(leaf, &CallAbort, this, what);
}

void TaskOperation::StopWaitingForOther() {
  if (!std::exchange(waits_for_other_, false)) return;
  running.scheduler->RemoveOutsideWaker();
}

void TaskOperation::StartNext(const io_uring_sqe& entry) {
  StopWaitingForOther();
  has_result_ = false;
  is_under_way_ = true;
  OperationPort::Current().Start(*this, entry);
}

// An operation with several completions (a zero-copy send, which reports the
// end of its use of the buffer) has its result in the first.
void TaskOperation::Completed(int result, unsigned flags) {
  if (!has_result_) {
    result_ = WithoutRestartCode(result);
    flags_ = flags;
  }
  has_result_ = true;
  if ((flags & IORING_CQE_F_MORE) != 0) return;
  is_under_way_ = false;
  cancel_sent_ = false;
  OnEnd(result_);
}

void TaskOperation::OnEnd(int result) {
  if (abort_requested_ && IsCancelled(result)) {
    WakeAborted();
  } else {
    Wake();
  }
}

void TaskOperation::CancelInKernel() {
  if (cancel_sent_) return;
  cancel_sent_ = true;
  OperationPort::Current().Cancel(*this);
}

bool TaskOperation::IsCancelled(int result) {
  return result == -ECANCELED || result == -EINTR;
}

Abort TaskOperation::CallAbort(void* self) {
  auto* operation = static_cast<TaskOperation*>(self);
  if (operation->waits_for_other_) {
    operation->StopWaitingForOther();
    operation->OnAbandoned();
    return Abort::kDone;
  }
  operation->abort_requested_ = true;
  // Between its parts, an operation that is not under way will be asked.
  if (operation->is_under_way_) operation->CancelInKernel();
  return Abort::kPending;
}

}  // namespace creche::internal
