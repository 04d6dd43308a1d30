// SPDX-License-Identifier: Apache-2.0
//
// The operations of UnixStream that carry descriptors.

#ifndef CRECHE_NET_INTERNAL_UNIX_SOCKET_INL_H_
#define CRECHE_NET_INTERNAL_UNIX_SOCKET_INL_H_

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/uring/internal/descriptor_operation.h"
#include "creche/uring/internal/outgoing_bytes.h"

namespace creche {
namespace internal {

class [[nodiscard]] ReceiveDescriptorsOperation final
    : public DescriptorOperation {
 public:
  ReceiveDescriptorsOperation(StreamSocketRef socket, absl::Span<char> buffer)
      : DescriptorOperation(socket.get(), SharedDescriptor::kReceive,
                            "ReceiveDescriptors"),
        socket_(std::move(socket)),
        buffer_(buffer) {}
  // A copy of an operation that was not started yet.
  ReceiveDescriptorsOperation(const ReceiveDescriptorsOperation& other)
      : DescriptorOperation(other),
        socket_(other.socket_),
        buffer_(other.buffer_) {}
  absl::StatusOr<ReceivedDescriptors> await_resume();

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  void TakeDescriptors();

  StreamSocketRef socket_;
  const absl::Span<char> buffer_;
  ReceivedDescriptors received_;
  iovec part_ = {};
  msghdr message_ = {};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int) * kMaxDescriptors)];
};

// Sends one byte or more, with the descriptors.
class [[nodiscard]] SendDescriptorsOperation final
    : public DescriptorOperation {
 public:
  SendDescriptorsOperation(StreamSocketRef socket, absl::string_view data,
                           absl::Span<const int> descriptors)
      : DescriptorOperation(socket.get(), SharedDescriptor::kSend,
                            "SendDescriptors"),
        socket_(std::move(socket)),
        bytes_(data),
        descriptors_(descriptors) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  void OnCutShort() override { bytes_.CutShort(socket_->state()); }

  StreamSocketRef socket_;
  OutgoingBytes bytes_;
  const absl::Span<const int> descriptors_;
  iovec part_ = {};
  msghdr message_ = {};
  std::vector<char> control_;
};

}  // namespace internal

inline internal::SendDescriptorsOperation UnixStream::SendDescriptors(
    absl::string_view data, absl::Span<const int> descriptors) {
  return internal::SendDescriptorsOperation(socket_, data, descriptors);
}

inline internal::ReceiveDescriptorsOperation UnixStream::ReceiveDescriptors(
    absl::Span<char> buffer) {
  return internal::ReceiveDescriptorsOperation(socket_, buffer);
}

}  // namespace creche

#endif  // CRECHE_NET_INTERNAL_UNIX_SOCKET_INL_H_
