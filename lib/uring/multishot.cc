// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/multishot.h"

#include <liburing.h>

#include <utility>

#include "creche/uring/internal/descriptor_operation.h"
#include "lib/uring/restart_code.h"

namespace creche::internal {

void Multishot::Arm(const io_uring_sqe& entry) {
  port_ = &OperationPort::Current();
  is_ending_ = false;
  keep_alive_ = DescriptorRef<SharedDescriptor>(&descriptor_);
  port_->Start(*this, entry);
}

void Multishot::Disarm() {
  if (port_ == nullptr || std::exchange(is_ending_, true)) return;
  port_->Cancel(*this);
}

void Multishot::Completed(int result, unsigned flags) {
  // Until the end of this function: it may be all that keeps this alive.
  DescriptorRef<SharedDescriptor> keep_alive = keep_alive_;
  if ((flags & IORING_CQE_F_MORE) == 0) {
    port_ = nullptr;
    keep_alive_ = DescriptorRef<SharedDescriptor>();
  }
  const bool is_too_much = Keep(WithoutRestartCode(result), flags);
  if (descriptor_.is_closed()) return descriptor_.CloseIfUnused();
  if (waiter() != nullptr) {
    waiter()->OnMultishot();
  } else if (is_too_much) {
    Disarm();
  }
}

}  // namespace creche::internal
