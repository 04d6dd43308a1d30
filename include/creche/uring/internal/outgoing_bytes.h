// SPDX-License-Identifier: Apache-2.0
//
// OutgoingBytes: what an operation sends on a stream, and how much has gone.

#ifndef CRECHE_URING_INTERNAL_OUTGOING_BYTES_H_
#define CRECHE_URING_INTERNAL_OUTGOING_BYTES_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "creche/uring/internal/stream_state.h"

namespace creche::internal {

class OutgoingBytes {
 public:
  explicit OutgoingBytes(absl::string_view data) : unsent_(data) {}

  bool empty() const { return unsent_.empty(); }
  const char* data() const { return unsent_.data(); }
  size_t size() const { return unsent_.size(); }

  bool has_begun() const { return has_begun_; }
  // So many more have gone. Returns true if that was not the last.
  bool Sent(size_t size) {
    has_begun_ |= size > 0;
    unsent_.remove_prefix(size);
    return !unsent_.empty();
  }
  // The rest will never go.
  void CutShort(StreamState& stream) const {
    if (has_begun_) stream.BreakSending();
  }

 private:
  absl::string_view unsent_;
  bool has_begun_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_OUTGOING_BYTES_H_
