// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/accept_operation.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/uring/operation_port.h"
#include "lib/net/multishot_accept.h"

namespace creche::internal {

AcceptOperation::~AcceptOperation() {
  if (accepted_ >= 0) close(accepted_);
}

bool AcceptOperation::TryWithoutKernel() {
  auto* multishot = static_cast<MultishotAccept*>(socket_->multishot_.get());
  if (multishot == nullptr) return false;
  accepted_ = multishot->TakeConnection();
  if (accepted_ >= 0) return true;
  const int error = multishot->TakeError();
  if (error != 0) Fail(error);
  return error != 0;
}

bool AcceptOperation::AwaitsMultishot() {
  if (!ahead_ || !OperationPort::Current().features().multishot_accept) {
    return SocketOperation::AwaitsMultishot();
  }
  if (socket_->multishot_ == nullptr) {
    socket_->multishot_ =
        std::make_unique<MultishotAccept>(*socket_.operator->());
  }
  auto* multishot = static_cast<MultishotAccept*>(socket_->multishot_.get());
  if (!multishot->is_armed()) multishot->Start();
  return true;
}

void AcceptOperation::Prepare(io_uring_sqe& entry) {
  peer_size_ = sizeof(peer_);
  io_uring_prep_accept(&entry, socket_->fd(),
                       reinterpret_cast<sockaddr*>(&peer_), &peer_size_,
                       SOCK_CLOEXEC);
}

bool AcceptOperation::OnPart(int result) {
  if (result >= 0) {
    accepted_ = result;
    return false;
  }
  if (result == -EINTR || IsErrorOfOneConnection(-result)) return true;
  Fail(-result);
  return false;
}

absl::StatusOr<SocketRef> AcceptOperation::TakeConnection() {
  if (!status_.ok()) return std::move(status_);
  auto* peer = reinterpret_cast<sockaddr*>(&peer_);
  if (peer_size_ == 0) {
    peer_size_ = sizeof(peer_);
    // Fails if the peer has reset the connection already.
    if (getpeername(accepted_, peer, &peer_size_) != 0) peer_size_ = 0;
  }
  return SocketRef(std::exchange(accepted_, -1),
                   SocketAddress::FromKernel(peer, peer_size_));
}

}  // namespace creche::internal
