// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/operation.h"

#include <liburing.h>

#include "creche/core/internal/misuse.h"

namespace creche::internal {
namespace {

constexpr unsigned kTimeoutMultishot = 1U << 6;  // Since Linux 6.4.
constexpr unsigned kReadMultishot = 49;          // An opcode, since 6.7.

bool IsMultishot(const io_uring_sqe& entry) {
  switch (entry.opcode) {
    case IORING_OP_POLL_ADD:
      return (entry.len & IORING_POLL_ADD_MULTI) != 0;
    case IORING_OP_ACCEPT:
      return (entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0;
    case IORING_OP_RECV:
    case IORING_OP_RECVMSG:
      return (entry.ioprio & IORING_RECV_MULTISHOT) != 0;
    case IORING_OP_TIMEOUT:
      return (entry.timeout_flags & kTimeoutMultishot) != 0;
    default:
      return entry.opcode == kReadMultishot;
  }
}

}  // namespace

void CheckUringEntry(const io_uring_sqe& entry) {
  if ((entry.flags & IOSQE_CQE_SKIP_SUCCESS) != 0) {
    Misuse(
        "Uring() was given an entry with IOSQE_CQE_SKIP_SUCCESS: an operation "
        "that does not say when it has ended would be waited for for ever");
  }
  if ((entry.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)) != 0) {
    Misuse(
        "Uring() was given an entry with IOSQE_IO_LINK or IOSQE_IO_HARDLINK: "
        "which entry follows it is not known; await one operation after the "
        "other");
  }
  if ((entry.flags & IOSQE_IO_DRAIN) != 0) {
    Misuse(
        "Uring() was given an entry with IOSQE_IO_DRAIN: a run always has "
        "operations of its own under way, so it would never begin");
  }
  if (IsMultishot(entry)) {
    Misuse(
        "Uring() was given a multishot operation, which has no single result; "
        "await one operation after the other");
  }
}

}  // namespace creche::internal
