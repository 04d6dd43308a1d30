// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/internal/task_operation.h"

#include <liburing.h>

#include <cerrno>

#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"
#include "lib/uring/restart_code.h"

namespace creche::internal {

void TaskOperation::StartAndWait(Frame leaf, const io_uring_sqe& entry) {
  task_ = running.task;
  if (task_->UnwindsIfCancelled(leaf)) return;
  StartNext(entry);
  WaitUnderWay(leaf);
}

bool TaskOperation::StartAtOnce(const io_uring_sqe& entry) {
  task_ = running.task;
  has_result_ = false;
  OperationResult completed;
  if (!OperationPort::Current().StartAtOnce(*this, entry, completed)) {
    phase_ = Phase::kUnderWay;
    return false;
  }
  result_ = WithoutRestartCode(completed.result);
  flags_ = completed.flags;
  return true;
}

// A background operation is not counted as pending, so say that there is
// somebody who could wake the run.
void TaskOperation::WaitForOther(Frame leaf) {
  task_ = running.task;
  phase_ = Phase::kWaitsForOther;
  running.scheduler->AddOutsideWaker();
  task_->Wait(leaf, *this);
}

void TaskOperation::StopWaitingForOther() {
  if (phase_ != Phase::kWaitsForOther) return;
  phase_ = Phase::kIdle;
  running.scheduler->RemoveOutsideWaker();
}

void TaskOperation::StartNext(const io_uring_sqe& entry) {
  StopWaitingForOther();
  has_result_ = false;
  phase_ = Phase::kUnderWay;
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
  phase_ = Phase::kIdle;
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
  if (phase_ == Phase::kCancelling) return;
  phase_ = Phase::kCancelling;
  OperationPort::Current().Cancel(*this);
}

bool TaskOperation::IsCancelled(int result) {
  return result == -ECANCELED || result == -EINTR;
}

Abort TaskOperation::OnCancel() {
  if (phase_ == Phase::kWaitsForOther) {
    StopWaitingForOther();
    OnAbandoned();
    return Abort::kDone;
  }
  abort_requested_ = true;
  // Between its parts, an operation that is not under way will be asked.
  if (is_under_way()) CancelInKernel();
  return Abort::kPending;
}

}  // namespace creche::internal
