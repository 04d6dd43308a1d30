// SPDX-License-Identifier: Apache-2.0

#include "lib/net/multishot.h"

#include <liburing.h>

#include <utility>

#include "lib/uring/restart_code.h"

namespace creche::internal {

void Multishot::Arm(const io_uring_sqe& entry) {
  port_ = &OperationPort::Current();
  is_ending_ = false;
  keep_alive_ = SocketRef(&socket_);
  port_->Start(*this, entry);
}

void Multishot::Disarm() {
  if (port_ == nullptr || std::exchange(is_ending_, true)) return;
  port_->Cancel(*this);
}

void Multishot::Completed(int result, unsigned flags) {
  // Until the end of this function: it may be all that keeps this alive.
  SocketRef keep_alive = keep_alive_;
  const bool is_last = (flags & IORING_CQE_F_MORE) == 0;
  if (is_last) {
    port_ = nullptr;
    keep_alive_ = SocketRef();
  }
  const bool is_too_much = Keep(WithoutRestartCode(result), flags);
  if (socket_.is_closed()) {
    if (is_last) socket_.CloseIfUnused();
    return;
  }
  if (SocketOperation* waiter = socket_.busy_[Socket::kReceive]) {
    waiter->OnMultishot();
  } else if (is_too_much) {
    Disarm();
  }
}

}  // namespace creche::internal
