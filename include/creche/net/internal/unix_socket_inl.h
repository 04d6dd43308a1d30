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
#include "creche/net/internal/socket.h"

namespace creche {
namespace internal {

class [[nodiscard]] ReceiveDescriptorsOperation final : public SocketOperation {
 public:
  ReceiveDescriptorsOperation(SocketRef socket, absl::Span<char> buffer)
      : SocketOperation(std::move(socket), Socket::kReceive,
                        "ReceiveDescriptors"),
        buffer_(buffer) {}
  ReceiveDescriptorsOperation(const ReceiveDescriptorsOperation& other)
      : SocketOperation(other), buffer_(other.buffer_) {}
  absl::StatusOr<ReceivedDescriptors> await_resume();

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  const absl::Span<char> buffer_;
  ReceivedDescriptors received_;
  iovec part_ = {};
  msghdr message_ = {};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int) * kMaxDescriptors)];
};

// Sends one byte or more, with the descriptors.
class [[nodiscard]] SendDescriptorsOperation final : public SocketOperation {
 public:
  SendDescriptorsOperation(SocketRef socket, absl::string_view data,
                           absl::Span<const int> descriptors)
      : SocketOperation(std::move(socket), Socket::kSend, "SendDescriptors"),
        data_(data),
        descriptors_(descriptors) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  void OnCutShort() override;

  const absl::string_view data_;
  const absl::Span<const int> descriptors_;
  size_t sent_ = 0;
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
