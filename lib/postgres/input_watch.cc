// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/input_watch.h"

#include <liburing.h>
#include <poll.h>

#include <memory>
#include <utility>

#include "creche/core/internal/running.h"
#include "creche/uring/operation_port.h"
#include "lib/core/scheduler.h"
#include "lib/postgres/postgres_session.h"

namespace creche::internal {

void InputWatch::Arm(int fd) {
  if (port_ != nullptr) return;
  port_ = &OperationPort::Current();
  scheduler_ = running.scheduler;
  scheduler_->AddOutsideWaker();
  keep_alive_ = shared_from_this();
  io_uring_sqe entry = {};
  io_uring_prep_poll_add(&entry, fd, POLLIN);
  port_->Start(*this, entry);
}

void InputWatch::Stop() {
  session_ = nullptr;
  if (port_ == nullptr) return;
  port_->Cancel(*this);
  // A poll that the kernel has not looked at yet must not find another file
  // under the same number.
  port_->SubmitNow();
}

void InputWatch::Completed(int result, unsigned /*flags*/) {
  const std::shared_ptr<InputWatch> keep_alive = std::move(keep_alive_);
  port_ = nullptr;
  std::exchange(scheduler_, nullptr)->RemoveOutsideWaker();
  // Otherwise the run ends, and the session may serve another one.
  if (session_ != nullptr && result >= 0) session_->OnInput();
}

}  // namespace creche::internal
