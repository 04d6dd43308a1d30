// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/datagram_operations.h"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/net/udp_socket.h"
#include "lib/uring/system_error.h"

namespace creche::internal {

void ReceiveFromOperation::Prepare(io_uring_sqe& entry) {
  part_ = {buffer_.data(), buffer_.size()};
  message_ = {};
  message_.msg_iov = &part_;
  message_.msg_iovlen = 1;
  message_.msg_name = &from_;
  message_.msg_namelen = sizeof(from_);
  io_uring_prep_recvmsg(&entry, socket_->fd(), &message_, MSG_TRUNC);
}

bool ReceiveFromOperation::OnPart(int result) {
  if (result == -EINTR) return true;
  if (result < 0) {
    // Never that it is broken. What an ICMP message says of a datagram that was
    // sent before, the kernel reports here if the program has connected the
    // socket; the next call may have better news.
    status_ = SystemError(-result, Describe("receiving"));
    return false;
  }
  size_ = static_cast<size_t>(result);
  if (size_ > buffer_.size()) {
    status_ =
        absl::OutOfRangeError(Describe(absl::StrCat("a datagram of ", size_,
                                                    " bytes did not fit "
                                                    "into a buffer of ",
                                                    buffer_.size())));
  }
  return false;
}

absl::StatusOr<ReceivedDatagram> ReceiveFromOperation::await_resume() {
  if (!status_.ok()) return std::move(status_);
  ReceivedDatagram datagram;
  datagram.size = size_;
  datagram.from = SocketAddress::FromKernel(
      reinterpret_cast<const sockaddr*>(&from_), message_.msg_namelen);
  return datagram;
}

void SendToOperation::Prepare(io_uring_sqe& entry) {
  part_ = {const_cast<char*>(data_.data()), data_.size()};
  message_ = {};
  message_.msg_iov = &part_;
  message_.msg_iovlen = 1;
  message_.msg_name = const_cast<sockaddr*>(to_.data());
  message_.msg_namelen = to_.size();
  io_uring_prep_sendmsg(&entry, socket_->fd(), &message_, MSG_NOSIGNAL);
}

bool SendToOperation::OnPart(int result) {
  if (result == -EINTR) return true;
  if (result == -EMSGSIZE) {
    status_ = absl::InvalidArgumentError(Describe(
        absl::StrCat(data_.size(), " bytes are too many for one datagram")));
  } else if (result < 0) {
    status_ =
        SystemError(-result, Describe(absl::StrCat("to ", to_.ToString())));
  }
  return false;
}

}  // namespace creche::internal
