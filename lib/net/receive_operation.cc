// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/receive_operation.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/errors.h"

namespace creche::internal {

template <bool kExactly>
bool ReceiveOperation<kExactly>::TryWithoutKernel() {
  if (buffer_.empty()) {
    if (!kExactly) {
      status_ = absl::InvalidArgumentError(
          Describe("the buffer is empty, so no end of stream could be told "
                   "from success"));
    }
    return true;
  }
  received_ += socket_->TakeUnread(buffer_.subspan(received_));
  if (received_ == buffer_.size() || (received_ > 0 && !kExactly)) return true;
  if (!FailsBy(socket_->TakeReceiveError())) return false;
  OnCutShort();
  return true;
}

template <bool kExactly>
void ReceiveOperation<kExactly>::Prepare(io_uring_sqe& entry) {
  if (receive_.PrepareWait(*socket_, /*waits_first=*/false, entry)) return;
  receive_.Prepare(*socket_, buffer_.subspan(received_), entry);
}

template <bool kExactly>
bool ReceiveOperation<kExactly>::OnPart(int result) {
  if (receive_.EndsWait(*socket_)) return true;
  if (result < 0) return OnFailedPart(result);
  if (result == 0 && FailsBy(socket_->error_at_end())) {
    OnCutShort();
    return false;
  }
  const auto size = static_cast<size_t>(result);
  socket_->NoteReceived(size, flags());
  received_ += size;
  if (!kExactly || received_ == buffer_.size()) return false;
  if (size > 0) return true;
  status_ = EndOfStreamError(Describe(absl::StrCat(
      "the stream ended after ", received_, " of ", buffer_.size(), " bytes")));
  return false;
}

// Nothing is lost: the next call gets it.
template <bool kExactly>
void ReceiveOperation<kExactly>::OnCutShort() {
  socket_->KeepUnread({buffer_.data(), received_});
}

template class ReceiveOperation<false>;
template class ReceiveOperation<true>;

}  // namespace creche::internal
