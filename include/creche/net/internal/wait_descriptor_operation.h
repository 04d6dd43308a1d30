// SPDX-License-Identifier: Apache-2.0
//
// WaitDescriptorOperation: what WaitReadable() and WaitWritable() are.

#ifndef CRECHE_NET_INTERNAL_WAIT_DESCRIPTOR_OPERATION_H_
#define CRECHE_NET_INTERNAL_WAIT_DESCRIPTOR_OPERATION_H_

#include <coroutine>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/continuation.h"
#include "creche/uring/internal/task_operation.h"

namespace creche::internal {

// A poll in the kernel, and this thread's note of who waits for the descriptor.
class [[nodiscard]] WaitDescriptorOperation final : public TaskOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  enum Direction { kReadable, kWritable };

  WaitDescriptorOperation(int fd, Direction direction)
      : TaskOperation(direction == kReadable ? "WaitReadable" : "WaitWritable"),
        fd_(fd),
        direction_(direction) {}

  bool await_ready() const { return false; }
  bool SuspendIn(Frame leaf);
  absl::Status await_resume() { return std::move(status_); }

  // The descriptor is about to be closed.
  void OnClosing();

 private:
  std::string Describe(absl::string_view text) const;
  void Prepare(io_uring_sqe& entry) const;
  void OnEnd(int result) override;

  const int fd_;
  const Direction direction_;
  bool is_closing_ = false;
  absl::Status status_;
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_WAIT_DESCRIPTOR_OPERATION_H_
