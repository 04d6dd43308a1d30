// SPDX-License-Identifier: Apache-2.0
//
// ReceiveOperation: receiving from a stream into a buffer. Programs use
// SocketStream::ReceiveSome() and ReceiveExactly().

#ifndef CRECHE_NET_INTERNAL_RECEIVE_OPERATION_H_
#define CRECHE_NET_INTERNAL_RECEIVE_OPERATION_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "creche/net/internal/stream_receive.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/uring/internal/descriptor_operation.h"

namespace creche::internal {

// Until the buffer is full (`kExactly`), or something has come.
template <bool kExactly>
class [[nodiscard]] ReceiveOperation final : public DescriptorOperation {
 public:
  using Result =
      std::conditional_t<kExactly, absl::Status, absl::StatusOr<size_t>>;

  ReceiveOperation(StreamSocketRef socket, absl::Span<char> buffer)
      : DescriptorOperation(socket.get(), SharedDescriptor::kReceive,
                            kExactly ? "ReceiveExactly" : "ReceiveSome"),
        socket_(std::move(socket)),
        buffer_(buffer) {}

  Result await_resume() {
    if constexpr (!kExactly) {
      if (status_.ok()) return received_;
    }
    return std::move(status_);
  }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  bool IsBulk() const override { return receive_.IsBulk(*socket_); }
  bool DefersToTaskStep() const override {
    return receive_.DefersToTaskStep(*socket_);
  }
  void OnCutShort() override;

  StreamSocketRef socket_;
  absl::Span<char> buffer_;
  size_t received_ = 0;
  StreamReceive receive_;
};

extern template class ReceiveOperation<false>;
extern template class ReceiveOperation<true>;

using ReceiveSomeOperation = ReceiveOperation<false>;
using ReceiveExactlyOperation = ReceiveOperation<true>;

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_RECEIVE_OPERATION_H_
