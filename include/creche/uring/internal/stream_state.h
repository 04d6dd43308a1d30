// SPDX-License-Identifier: Apache-2.0
//
// StreamState: whether bytes can still be sent and received on a stream, and
// why not.

#ifndef CRECHE_URING_INTERNAL_STREAM_STATE_H_
#define CRECHE_URING_INTERNAL_STREAM_STATE_H_

#include "absl/status/status.h"
#include "creche/uring/internal/descriptor_operation.h"
#include "creche/uring/internal/shared_descriptor.h"

namespace creche::internal {

class StreamState {
 public:
  // An operation in `direction` was told by `error` that the connection is
  // unusable. The kernel tells that once, to whoever asks first, and shows an
  // end from then on: so it is kept for the others. (But EPIPE the kernel tells
  // every time, and a FIFO can get another reader.)
  void NoteBroken(SharedDescriptor::Direction direction, int error);
  // 0: none.
  int error(SharedDescriptor::Direction direction) const {
    return errors_[direction];
  }

  // A part of a message has gone whose rest will never come.
  void BreakSending() { has_sent_part_ = true; }
  void EndSending() { has_sent_eof_ = true; }
  bool has_sent_eof() const { return has_sent_eof_; }

  bool can_send() const;
  // OK, or why `operation` cannot send.
  absl::Status CheckSend(const DescriptorOperation& operation) const;

 private:
  bool has_sent_part_ = false;
  bool has_sent_eof_ = false;
  int errors_[2] = {0, 0};
};

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_STREAM_STATE_H_
