// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/lazy_uring_port.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"

namespace creche::internal {

void LazyUringPort::Close() {
  if (is_open_.exchange(false)) uring_.Close();
}

void LazyUringPort::Poll() {
  if (is_open_) uring_.Poll();
}

void LazyUringPort::Wait(absl::Duration at_most) {
  if (is_open_) {
    uring_.Wait(at_most);
  } else {
    fake_.Wait(at_most);
  }
}

// Whoever comes second, this or OpenUring(), sees that the other was there.
void LazyUringPort::Notify() {
  fake_.Notify();
  if (is_open_) uring_.Notify();
}

void LazyUringPort::Start(Operation& operation, const io_uring_sqe& entry) {
  if (!is_open_) OpenUring();
  uring_.Start(operation, entry);
}

bool LazyUringPort::StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                                OperationResult& completed) {
  if (!is_open_) OpenUring();
  return uring_.StartAtOnce(operation, entry, completed);
}

// Who asks is about to start something.
UringFeatures LazyUringPort::features() {
  if (!is_open_) OpenUring();
  return uring_.features();
}

creche::internal::BlockRing* LazyUringPort::blocks() {
  if (!is_open_) OpenUring();
  return uring_.blocks();
}

void LazyUringPort::OpenUring() {
  if (absl::Status opened = uring_.Open(); !opened.ok()) {
    creche::internal::Misuse(opened.ToString());
  }
  is_open_ = true;
  uring_.Notify();
}

}  // namespace creche::internal
