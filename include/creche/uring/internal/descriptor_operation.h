// SPDX-License-Identifier: Apache-2.0
//
// DescriptorOperation: an operation on a descriptor that is shared. The base of
// the awaitables of sockets and pipes; programs use those.

#ifndef CRECHE_URING_INTERNAL_DESCRIPTOR_OPERATION_H_
#define CRECHE_URING_INTERNAL_DESCRIPTOR_OPERATION_H_

#include <coroutine>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/continuation.h"
#include "creche/uring/internal/shared_descriptor.h"
#include "creche/uring/internal/task_operation.h"

namespace creche::internal {

// From this size a transfer is submitted by itself, with a system call of its
// own. (4 KiB are not worth that, and 64 KiB are: docs/benchmarks.md, "Tried".
// What lies between was not measured.)
inline constexpr size_t kBulkBytes = size_t{32} << 10;

// One part after the other until OnPart() says that it is done. Errors of use
// (closed, busy) come at once; a cancellation that came first comes before
// them.
//
// Each kind of operation is one class derived from this, and final. It says
// what is specific by the functions below, and is composed of what it has in
// common with others. (Classes do not inherit [[nodiscard]]: each that a
// program awaits says it itself.)
class DescriptorOperation : public TaskOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  bool await_ready() const { return false; }
  bool SuspendIn(Frame leaf);

  // The descriptor's Multishot has brought something, or has ended.
  void OnMultishot();
  // The descriptor has closed.
  void OnClosed();

  // "ReceiveSome() on 127.0.0.1:80: ", and then `text`.
  std::string Describe(absl::string_view text) const;

 protected:
  // `descriptor` may be none: then it counts as closed. What derives from this
  // has a reference to it, of the type that it works on.
  DescriptorOperation(SharedDescriptor* descriptor,
                      SharedDescriptor::Direction direction, const char* what)
      : TaskOperation(what), descriptor_(descriptor), direction_(direction) {}
  DescriptorOperation(const DescriptorOperation&) = default;
  ~DescriptorOperation() = default;

  // Called before anything is submitted. Returns true if the operation is done;
  // status_ has the outcome.
  virtual bool TryWithoutKernel() = 0;
  // True if it has something to say about a descriptor that is closed.
  virtual bool WorksWhenClosed() const { return false; }
  virtual void Prepare(io_uring_sqe& entry) = 0;
  // A part has ended with `result`, which is not that of a cancellation that
  // was asked for. Returns true if there is to be another part.
  virtual bool OnPart(int result) = 0;
  // True if the part that Prepare() would start moves so many bytes that it is
  // worth a system call of its own.
  virtual bool IsBulk() const { return false; }
  // Asked before another part is started. True if the task is to start that
  // part itself, in a step of its own.
  virtual bool DefersToTaskStep() const { return false; }
  // The operation ends without the rest: because it was cancelled, a part has
  // failed, or the descriptor was closed.
  virtual void OnCutShort() {}
  // True if the descriptor's Multishot will bring what this waits for, or will
  // end soon, so that nothing is to be started now.
  virtual bool AwaitsMultishot();

  // For OnPart() with a negative `result`: the next part if that was an
  // interruption, else the end.
  bool OnFailedPart(int result);
  // The outcome is `error`.
  void Fail(int error);
  // The same if there is one. Returns true if so.
  bool FailsBy(int error);

  absl::Status status_;

 private:
  bool TransferInStep();
  bool MayResume() final;
  void OnEnd(int result) final;
  void OnAbandoned() final;
  void CutShortByClose();
  void Finish() { descriptor_->EndUse(direction_); }
  bool may_go_on() const {
    return !abort_requested() && !descriptor_->is_closed();
  }
  std::string Where() const;

  SharedDescriptor* const descriptor_;
  const SharedDescriptor::Direction direction_;
  // Not under way: the task will start the next part when its turn comes.
  bool awaits_its_turn_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_DESCRIPTOR_OPERATION_H_
