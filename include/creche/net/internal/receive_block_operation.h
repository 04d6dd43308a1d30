// SPDX-License-Identifier: Apache-2.0
//
// ReceiveBlockOperation: receiving without a buffer of one's own. Programs use
// SocketStream::Receive().

#ifndef CRECHE_NET_INTERNAL_RECEIVE_BLOCK_OPERATION_H_
#define CRECHE_NET_INTERNAL_RECEIVE_BLOCK_OPERATION_H_

#include <utility>

#include "absl/status/statusor.h"
#include "creche/net/internal/stream_receive.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/net/received_block.h"
#include "creche/uring/internal/descriptor_operation.h"

namespace creche::internal {

// Where the kernel can, the first of these on a stream asks for everything that
// will come, and those after it take what has come. Otherwise it waits until
// something has come, and then receives it into an allocated block.
class [[nodiscard]] ReceiveBlockOperation final : public DescriptorOperation {
 public:
  explicit ReceiveBlockOperation(StreamSocketRef socket)
      : DescriptorOperation(socket.get(), SharedDescriptor::kReceive,
                            "Receive"),
        socket_(std::move(socket)) {}
  // A copy of an operation that was not started yet.
  ReceiveBlockOperation(const ReceiveBlockOperation& other)
      : DescriptorOperation(other), socket_(other.socket_) {}

  absl::StatusOr<ReceivedBlock> await_resume() {
    if (!status_.ok()) return std::move(status_);
    return std::move(block_);
  }

 private:
  bool TryWithoutKernel() override;
  bool AwaitsMultishot() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  bool IsBulk() const override { return receive_.IsBulk(*socket_); }
  bool DefersToTaskStep() const override {
    return receive_.DefersToTaskStep(*socket_);
  }

  StreamSocketRef socket_;
  ReceivedBlock block_;
  StreamReceive receive_;
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_RECEIVE_BLOCK_OPERATION_H_
