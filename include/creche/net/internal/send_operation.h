// SPDX-License-Identifier: Apache-2.0
//
// SendOperation, SendEofOperation: sending on a stream. Programs use
// SocketStream::SendAll() and SendEof().

#ifndef CRECHE_NET_INTERNAL_SEND_OPERATION_H_
#define CRECHE_NET_INTERNAL_SEND_OPERATION_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/uring/internal/descriptor_operation.h"
#include "creche/uring/internal/outgoing_bytes.h"

namespace creche::internal {

class [[nodiscard]] SendOperation final : public DescriptorOperation {
 public:
  SendOperation(StreamSocketRef socket, absl::string_view data)
      : DescriptorOperation(socket.get(), SharedDescriptor::kSend, "SendAll"),
        socket_(std::move(socket)),
        bytes_(data) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  bool IsBulk() const override { return bytes_.size() >= kBulkBytes; }
  void OnCutShort() override { bytes_.CutShort(socket_->state()); }

  StreamSocketRef socket_;
  OutgoingBytes bytes_;
};

class [[nodiscard]] SendEofOperation final : public DescriptorOperation {
 public:
  explicit SendEofOperation(StreamSocketRef socket)
      : DescriptorOperation(socket.get(), SharedDescriptor::kSend, "SendEof"),
        socket_(std::move(socket)) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe&) override {}
  bool OnPart(int) override { return false; }

  StreamSocketRef socket_;
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_SEND_OPERATION_H_
