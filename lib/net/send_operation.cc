// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/send_operation.h"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/part_size.h"

namespace creche::internal {

bool SendOperation::TryWithoutKernel() {
  status_ = socket_->state().CheckSend(*this);
  return !status_.ok() || bytes_.empty();
}

void SendOperation::Prepare(io_uring_sqe& entry) {
  // What a send says must tell how much has gone. With MSG_WAITALL that is so
  // only where the kernel knows how to go on after a part.
  const bool all = OperationPort::Current().features().send_all;
  io_uring_prep_send(&entry, socket_->fd(), bytes_.data(),
                     PartSize(bytes_.size()),
                     MSG_NOSIGNAL | (all ? MSG_WAITALL : 0));
}

bool SendOperation::OnPart(int result) {
  if (result < 0) return OnFailedPart(result);
  return bytes_.Sent(static_cast<size_t>(result));
}

bool SendEofOperation::TryWithoutKernel() {
  if (socket_->state().has_sent_eof()) return true;
  status_ = socket_->state().CheckSend(*this);
  if (!status_.ok()) return true;
  if (shutdown(socket_->fd(), SHUT_WR) != 0) {
    Fail(errno);
  } else {
    socket_->state().EndSending();
  }
  return true;
}

}  // namespace creche::internal
