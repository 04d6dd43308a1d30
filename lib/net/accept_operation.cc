// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/accept_operation.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
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
  if (socket_->multishot() == nullptr) return false;
  MultishotAccept& multishot = socket_->multishot_accept();
  accepted_ = multishot.TakeConnection();
  return accepted_ >= 0 || FailsBy(multishot.TakeError());
}

bool AcceptOperation::AwaitsMultishot() {
  if (!ahead_ || !OperationPort::Current().features().multishot_accept) {
    return DescriptorOperation::AwaitsMultishot();
  }
  MultishotAccept& multishot = socket_->multishot_accept();
  if (!multishot.is_armed()) multishot.Start();
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
  return IsErrorOfOneConnection(-result) || OnFailedPart(result);
}

absl::StatusOr<StreamSocketRef> AcceptOperation::TakeConnection() {
  if (!status_.ok()) return std::move(status_);
  auto* peer = reinterpret_cast<sockaddr*>(&peer_);
  if (peer_size_ == 0) {
    peer_size_ = sizeof(peer_);
    // Fails if the peer has reset the connection already.
    if (getpeername(accepted_, peer, &peer_size_) != 0) peer_size_ = 0;
  }
  return StreamSocketRef::Make(std::exchange(accepted_, -1),
                               SocketAddress::FromKernel(peer, peer_size_));
}

}  // namespace creche::internal
