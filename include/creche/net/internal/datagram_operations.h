// SPDX-License-Identifier: Apache-2.0
//
// ReceiveFromOperation, SendToOperation: datagrams.

#ifndef CRECHE_NET_INTERNAL_DATAGRAM_OPERATIONS_H_
#define CRECHE_NET_INTERNAL_DATAGRAM_OPERATIONS_H_

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/socket.h"
#include "creche/net/socket_address.h"
#include "creche/uring/internal/descriptor_operation.h"

namespace creche {

struct ReceivedDatagram;

namespace internal {

class [[nodiscard]] ReceiveFromOperation final : public DescriptorOperation {
 public:
  ReceiveFromOperation(SocketRef socket, absl::Span<char> buffer)
      : DescriptorOperation(socket.get(), SharedDescriptor::kReceive,
                            "ReceiveFrom"),
        socket_(std::move(socket)),
        buffer_(buffer) {}
  absl::StatusOr<ReceivedDatagram> await_resume();

 private:
  bool TryWithoutKernel() override { return false; }
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  SocketRef socket_;
  const absl::Span<char> buffer_;
  size_t size_ = 0;
  sockaddr_storage from_ = {};
  iovec part_ = {};
  msghdr message_ = {};
};

class [[nodiscard]] SendToOperation final : public DescriptorOperation {
 public:
  SendToOperation(SocketRef socket, absl::string_view data,
                  const SocketAddress& to)
      : DescriptorOperation(socket.get(), SharedDescriptor::kSend, "SendTo"),
        socket_(std::move(socket)),
        data_(data),
        to_(to) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override { return false; }
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  SocketRef socket_;
  const absl::string_view data_;
  const SocketAddress to_;
  iovec part_ = {};
  msghdr message_ = {};
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_NET_INTERNAL_DATAGRAM_OPERATIONS_H_
