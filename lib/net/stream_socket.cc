// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/stream_socket.h"

#include <liburing.h>

#include <algorithm>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/uring/internal/descriptor_operation.h"
#include "creche/uring/operation_port.h"
#include "lib/net/multishot_receive.h"
#include "lib/uring/system_error.h"

namespace creche::internal {

StreamSocket::StreamSocket(int fd, const SocketAddress& name)
    : Socket(fd, name) {}

StreamSocket::~StreamSocket() = default;

size_t StreamSocket::TrySend(absl::string_view data) {
  if (is_closed() || user(kSend) != nullptr || !state_.can_send()) return 0;
  const int result = OperationPort::TrySendOnCurrent(fd(), data);
  if (result >= 0) return static_cast<size_t>(result);
  // Kept for the operations, which can say it.
  if (MeansBroken(-result)) state_.NoteBroken(kSend, -result);
  return 0;
}

void StreamSocket::KeepUnread(absl::string_view bytes) {
  unread_.insert(0, bytes.data(), bytes.size());
}

size_t StreamSocket::TakeUnread(absl::Span<char> buffer) {
  const size_t size = std::min(unread_.size(), buffer.size());
  std::copy_n(unread_.begin(), size, buffer.begin());
  unread_.erase(0, size);
  if (multishot_ == nullptr) return size;
  return size + multishot_->TakeBytes(buffer.subspan(size));
}

int StreamSocket::TakeReceiveError() {
  const int error = state_.error(kReceive);
  if (error != 0 || multishot_ == nullptr) return error;
  return multishot_->TakeError();
}

void StreamSocket::NoteReceived(size_t size, unsigned flags) {
  is_drained_ = (flags & IORING_CQE_F_SOCK_NONEMPTY) == 0;
  is_bulk_ = size >= kBulkBytes;
}

MultishotReceive& StreamSocket::multishot_receive() {
  if (multishot_ == nullptr) {
    multishot_ = std::make_unique<MultishotReceive>(*this);
  }
  return *multishot_;
}

Multishot* StreamSocket::multishot() const { return multishot_.get(); }

void StreamSocket::OnBroken(Direction direction, int error) {
  state_.NoteBroken(direction, error);
}

bool StreamSocket::HoldsReceived() const {
  return !unread_.empty() || SharedDescriptor::HoldsReceived();
}

}  // namespace creche::internal
