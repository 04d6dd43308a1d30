// SPDX-License-Identifier: Apache-2.0
//
// ReceiveBlockOperation: receiving without a buffer of one's own. Programs use
// SocketStream::Receive().

#ifndef CRECHE_NET_INTERNAL_RECEIVE_BLOCK_OPERATION_H_
#define CRECHE_NET_INTERNAL_RECEIVE_BLOCK_OPERATION_H_

#include <utility>

#include "absl/status/statusor.h"
#include "creche/net/internal/socket.h"
#include "creche/net/received_block.h"

namespace creche::internal {

// Where the kernel can, the first of these on a stream asks for everything that
// will come, and those after it take what has come. Otherwise it waits until
// something has come, and then receives it into an allocated block.
class [[nodiscard]] ReceiveBlockOperation final
    : public StreamReceiveOperation {
 public:
  explicit ReceiveBlockOperation(SocketRef socket)
      : StreamReceiveOperation(std::move(socket), "Receive") {}
  ReceiveBlockOperation(const ReceiveBlockOperation& other)
      : StreamReceiveOperation(other) {}
  absl::StatusOr<ReceivedBlock> await_resume() {
    if (!status_.ok()) return std::move(status_);
    return std::move(block_);
  }

 private:
  bool TryWithoutKernel() override;
  bool AwaitsMultishot() override;
  bool WaitsFirst() const override;
  void PrepareToReceive(io_uring_sqe& entry) override;
  bool Received(size_t size) override;

  MultishotReceive& multishot() const;

  ReceivedBlock block_;
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_RECEIVE_BLOCK_OPERATION_H_
