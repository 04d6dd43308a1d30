// SPDX-License-Identifier: Apache-2.0

#include "creche/net/wait_readable.h"

#include <liburing.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/errors.h"
#include "creche/core/internal/running.h"
#include "creche/net/internal/wait_descriptor_operation.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace internal {
namespace {

// Who waits for a descriptor, for each direction.
using Waiters = std::array<WaitDescriptorOperation*, 2>;

// Of this thread's run: nobody when it has ended. An entry stays for the next
// who waits for the descriptor, so that to wait allocates nothing.
thread_local std::unordered_map<int, Waiters> waiters_of;

void Forget(int fd, WaitDescriptorOperation::Direction direction) {
  waiters_of.find(fd)->second[direction] = nullptr;
}

}  // namespace

bool WaitDescriptorOperation::SuspendIn(Frame leaf) {
  TaskRecord& task = *running.task;
  const bool may_complete_at_once = SpendOperation();
  if (task.UnwindsIfCancelled(leaf)) return true;
  WaitDescriptorOperation*& waiter = waiters_of[fd_][direction_];
  if (waiter != nullptr) {
    status_ = BusyResourceError(
        Describe("another task waits for it in this direction"));
    if (may_complete_at_once) return false;
    task.Yield(leaf, /*cancellable=*/false);
    return true;
  }
  waiter = this;
  io_uring_sqe entry = {};
  Prepare(entry);
  StartAndWait(leaf, entry);
  return true;
}

// Its number is free for another file from now on, while the kernel may still
// have to end this poll.
void WaitDescriptorOperation::OnClosing() {
  is_closing_ = true;
  Forget(fd_, direction_);
  CancelInKernel();
}

void WaitDescriptorOperation::OnEnd(int result) {
  if (result == -EINTR && !is_closing_ && !abort_requested()) {
    io_uring_sqe entry = {};
    Prepare(entry);
    return StartNext(entry);
  }
  if (!is_closing_) Forget(fd_, direction_);
  if (abort_requested() && IsCancelled(result)) return WakeAborted();
  if (is_closing_) {
    status_ =
        ClosedResourceError(Describe("NotifyClosing() was called meanwhile"));
  } else if (result < 0) {
    status_ = SystemError(-result, absl::StrCat(wait_name(), "(", fd_, ")"));
  }
  Wake();
}

void WaitDescriptorOperation::Prepare(io_uring_sqe& entry) const {
  io_uring_prep_poll_add(&entry, fd_,
                         direction_ == kReadable ? POLLIN : POLLOUT);
}

std::string WaitDescriptorOperation::Describe(absl::string_view text) const {
  return absl::StrCat(wait_name(), "(", fd_, "): ", text);
}

}  // namespace internal

void NotifyClosing(int fd) {
  const auto found = internal::waiters_of.find(fd);
  if (found == internal::waiters_of.end()) return;
  const internal::Waiters waiters = found->second;
  for (internal::WaitDescriptorOperation* waiter : waiters) {
    if (waiter != nullptr) waiter->OnClosing();
  }
  // A poll that the kernel has not looked at yet must not find another file
  // under the same number.
  OperationPort::Current().SubmitNow();
}

}  // namespace creche
