// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/lazy_kernel_port.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "creche/testing/features_to_test.h"
#include "lib/epoll/kernel_port.h"

namespace creche::internal {

void LazyKernelPort::Close() {
  if (is_open_.exchange(false)) kernel_->Close();
}

void LazyKernelPort::Poll() {
  if (is_open_) kernel_->Poll();
}

void LazyKernelPort::Wait(absl::Duration at_most) {
  if (is_open_) {
    kernel_->Wait(at_most);
  } else {
    fake_.Wait(at_most);
  }
}

// Whoever comes second, this or OpenKernel(), sees that the other was there.
void LazyKernelPort::Notify() {
  fake_.Notify();
  if (is_open_) kernel_->Notify();
}

void LazyKernelPort::Start(Operation& operation, const io_uring_sqe& entry) {
  if (!is_open_) OpenKernel();
  kernel_->Start(operation, entry);
}

bool LazyKernelPort::StartAtOnce(Operation& operation,
                                 const io_uring_sqe& entry,
                                 OperationResult& completed) {
  if (!is_open_) OpenKernel();
  return kernel_->StartAtOnce(operation, entry, completed);
}

// Who asks is about to start something.
UringFeatures LazyKernelPort::features() {
  if (!is_open_) OpenKernel();
  return kernel_->features();
}

BlockRing* LazyKernelPort::blocks() {
  if (!is_open_) OpenKernel();
  return kernel_->blocks();
}

// What they make of a listener depends on the port.
SocketNames& LazyKernelPort::socket_names() {
  if (!is_open_) OpenKernel();
  return kernel_->socket_names();
}

// Before the first operation, what it will be.
Backend LazyKernelPort::backend() const {
  return is_open_ ? kernel_->backend()
                  : BackendToUse(Backend::kAuto).value_or(Backend::kAuto);
}

void LazyKernelPort::OpenKernel() {
  auto opened =
      OpenKernelPort(Backend::kAuto, /*ring_entries=*/256, FeaturesToTest());
  if (!opened.ok()) Misuse(opened.status().ToString());
  kernel_ = *std::move(opened);
  is_open_ = true;
  kernel_->Notify();
}

}  // namespace creche::internal
