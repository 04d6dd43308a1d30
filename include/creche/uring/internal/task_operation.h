// SPDX-License-Identifier: Apache-2.0
//
// TaskOperation: an operation that one task waits for. The base of the
// awaitables of uring/, net/ and io/; programs use those.

#ifndef CRECHE_URING_INTERNAL_TASK_OPERATION_H_
#define CRECHE_URING_INTERNAL_TASK_OPERATION_H_

#include <cstdint>

#include "creche/core/abort.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/task_record.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

// It is a part of an awaiter, so it lives in the frame of the task that waits:
// that frame, with every buffer in it, stays until the last completion.
//
// Its address is what the kernel knows it by, and the next operation of the
// frame may have the same. A cancellation never hits that one: the request to
// cancel is queued while this operation is under way, so ahead of everything
// that is started after its end, and the kernel takes entries in order and
// carries out a cancellation as it takes it.
class TaskOperation : public Operation {
 public:
  // `what`, a string literal, names the wait.
  explicit TaskOperation(const char* what) : what_(what) {}
  // A copy of an operation that was not started yet.
  TaskOperation(const TaskOperation& other) : TaskOperation(other.what_) {}

  void Completed(int result, unsigned flags) override;

  // As a wait (core/internal/wait.h).
  const char* wait_name() const { return what_; }
  Abort OnCancel();
  // After WakeToCheck().
  virtual bool MayResume() { return true; }

 protected:
  ~TaskOperation() = default;

  // The running task starts the operation and waits for it, in `leaf`. If it is
  // cancelled already, nothing is started.
  void StartAndWait(Frame leaf, const io_uring_sqe& entry);

  // The running task, which is not cancelled, waits in `leaf` for what another
  // operation will bring, until Wake() or StartNext(). If it is cancelled, that
  // is done at once, and OnAbandoned() hears of it.
  void WaitForOther(Frame leaf);
  virtual void OnAbandoned() {}

  // Starts the next part of what the task waits for. For OnEnd(), or after
  // WaitForOther().
  void StartNext(const io_uring_sqe& entry);

  // The running task, which is not cancelled, starts the operation, or its next
  // part. Returns true if it has completed in that very moment, with result()
  // and flags(), and without OnEnd(). Otherwise WaitUnderWay() is to follow.
  bool StartAtOnce(const io_uring_sqe& entry);
  void WaitUnderWay(Frame leaf) { task_->Wait(leaf, *this); }

  // Instead of waking the task: when its turn comes, MayResume() says whether
  // it goes on. Until then the operation is not under way, and the task does
  // not wait, so no cancellation asks for its end.
  void WakeToCheck() { task_->WakeToCheck(); }

  // The operation has ended with `result`. By default ends the wait: aborted if
  // that was asked for and the kernel did it, else woken with the result.
  virtual void OnEnd(int result);

  // Asks the kernel to end it early, without unwinding the task. Requires: it
  // is under way.
  void CancelInKernel();

  void Wake() {
    StopWaitingForOther();
    task_->Wake();
  }
  void WakeAborted() { task_->WakeAborted(); }

  TaskRecord& task() const { return *task_; }
  bool is_under_way() const {
    return phase_ == Phase::kUnderWay || phase_ == Phase::kCancelling;
  }
  bool abort_requested() const { return abort_requested_; }
  int result() const { return result_; }
  // Of the completion that had the result.
  unsigned flags() const { return flags_; }

  static bool IsCancelled(int result);

 private:
  enum class Phase : std::uint8_t {
    kIdle,          // Not started, between two parts, or ended.
    kUnderWay,      // The kernel has it.
    kCancelling,    // The same, and was asked to end it.
    kWaitsForOther  // The task waits for another operation.
  };

  void StopWaitingForOther();

  const char* const what_;
  TaskRecord* task_ = nullptr;
  int result_ = 0;
  unsigned flags_ = 0;
  Phase phase_ = Phase::kIdle;
  bool has_result_ = false;  // Of what is under way.
  bool abort_requested_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_TASK_OPERATION_H_
