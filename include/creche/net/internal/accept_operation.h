// SPDX-License-Identifier: Apache-2.0
//
// AcceptOperation: waiting for a connection. Programs use TcpListener and
// UnixListener.

#ifndef CRECHE_NET_INTERNAL_ACCEPT_OPERATION_H_
#define CRECHE_NET_INTERNAL_ACCEPT_OPERATION_H_

#include <sys/socket.h>

#include <utility>

#include "absl/status/statusor.h"
#include "creche/net/internal/listen_socket.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/uring/internal/descriptor_operation.h"

namespace creche::internal {

// With `ahead`, where the kernel can, it is asked once for all the connections
// to come; what comes while nobody asks waits in the socket, and is closed with
// it. Without, it is asked for one.
//
// A descriptor that nobody takes is closed.
class AcceptOperation : public DescriptorOperation {
 protected:
  AcceptOperation(ListenSocketRef socket, bool ahead)
      : DescriptorOperation(socket.get(), SharedDescriptor::kReceive,
                            ahead ? "Accept" : "AcceptOne"),
        socket_(std::move(socket)),
        ahead_(ahead) {}
  // A copy of an operation that was not started yet.
  AcceptOperation(const AcceptOperation& other)
      : DescriptorOperation(other),
        socket_(other.socket_),
        ahead_(other.ahead_) {}
  ~AcceptOperation();

  absl::StatusOr<StreamSocketRef> TakeConnection();

 private:
  bool TryWithoutKernel() override;
  bool AwaitsMultishot() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  ListenSocketRef socket_;
  const bool ahead_;
  int accepted_ = -1;
  socklen_t peer_size_ = 0;  // 0: the kernel was not asked.
  sockaddr_storage peer_;
};

template <typename Stream>
class [[nodiscard]] AcceptStreamOperation final : public AcceptOperation {
 public:
  AcceptStreamOperation(ListenSocketRef socket, bool ahead)
      : AcceptOperation(std::move(socket), ahead) {}
  absl::StatusOr<Stream> await_resume() {
    absl::StatusOr<StreamSocketRef> connection = TakeConnection();
    if (!connection.ok()) return std::move(connection).status();
    return Stream(*std::move(connection));
  }
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_ACCEPT_OPERATION_H_
