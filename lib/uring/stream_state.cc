// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/internal/stream_state.h"

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "creche/core/errors.h"

namespace creche::internal {

void StreamState::NoteBroken(SharedDescriptor::Direction direction, int error) {
  if (error != EPIPE) errors_[direction] = error;
}

bool StreamState::can_send() const {
  return !has_sent_eof_ && !has_sent_part_ &&
         errors_[SharedDescriptor::kReceive] == 0 &&
         errors_[SharedDescriptor::kSend] == 0;
}

absl::Status StreamState::CheckSend(
    const DescriptorOperation& operation) const {
  if (can_send()) return absl::OkStatus();
  if (has_sent_eof_) {
    return ClosedResourceError(
        operation.Describe("SendEof() was called before"));
  }
  if (has_sent_part_) {
    return BrokenResourceError(operation.Describe(
        "an earlier send was cancelled or failed in the middle, so the peer "
        "would take what comes now for the rest of that"));
  }
  const int received = errors_[SharedDescriptor::kReceive];
  const int error = received != 0 ? received : errors_[SharedDescriptor::kSend];
  return BrokenResourceError(operation.Describe(std::strerror(error)));
}

}  // namespace creche::internal
