// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/uring/, compiled.

#include <liburing.h>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

// operation.h

[[maybe_unused]] creche::Task<absl::Status> OperationExample(int fd) {
  int result = co_await creche::Uring(
      [&](io_uring_sqe& entry) { io_uring_prep_fsync(&entry, fd, 0); });
  if (result < 0) co_return absl::ErrnoToStatus(-result, "fsync");
  co_return absl::OkStatus();
}

}  // namespace
