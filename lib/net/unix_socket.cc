// SPDX-License-Identifier: Apache-2.0

#include "creche/net/unix_socket.h"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/uring/operation.h"
#include "lib/net/adopt_socket.h"
#include "lib/net/bind.h"
#include "lib/uring/standard_descriptors.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace internal {

bool ReceiveDescriptorsOperation::TryWithoutKernel() {
  if (buffer_.empty()) {
    status_ = absl::InvalidArgumentError(Describe("the buffer is empty"));
    return true;
  }
  received_.size = socket_->TakeUnread(buffer_);
  return received_.size > 0 || FailsBy(socket_->TakeReceiveError());
}

void ReceiveDescriptorsOperation::Prepare(io_uring_sqe& entry) {
  part_ = {buffer_.data(), buffer_.size()};
  message_ = {};
  message_.msg_iov = &part_;
  message_.msg_iovlen = 1;
  message_.msg_control = control_;
  message_.msg_controllen = sizeof(control_);
  io_uring_prep_recvmsg(&entry, socket_->fd(), &message_, MSG_CMSG_CLOEXEC);
}

bool ReceiveDescriptorsOperation::OnPart(int result) {
  if (result < 0) return OnFailedPart(result);
  if (result == 0 && FailsBy(socket_->error_at_end())) return false;
  received_.size = static_cast<size_t>(result);
  TakeDescriptors();
  // Does not happen with room for the maximum, unless this process has too many
  // descriptors open to take them all.
  if ((message_.msg_flags & MSG_CTRUNC) != 0) {
    received_.descriptors.clear();
    socket_->KeepUnread({buffer_.data(), received_.size});
    status_ = SystemError(
        EMFILE, Describe("the descriptors that came could not be taken"));
  }
  return false;
}

void ReceiveDescriptorsOperation::TakeDescriptors() {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message_); part != nullptr;
       part = CMSG_NXTHDR(&message_, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
      received_.descriptors.emplace_back(fd);
    }
  }
}

absl::StatusOr<ReceivedDescriptors>
ReceiveDescriptorsOperation::await_resume() {
  if (!status_.ok()) return std::move(status_);
  return std::move(received_);
}

bool SendDescriptorsOperation::TryWithoutKernel() {
  status_ = socket_->state().CheckSend(*this);
  if (status_.ok() &&
      (bytes_.empty() || descriptors_.size() > kMaxDescriptors)) {
    status_ = absl::InvalidArgumentError(Describe(
        absl::StrCat("descriptors need at least one byte to come with, and at "
                     "most ",
                     kMaxDescriptors, " of them fit")));
  }
  return !status_.ok();
}

void SendDescriptorsOperation::Prepare(io_uring_sqe& entry) {
  part_ = {const_cast<char*>(bytes_.data()), bytes_.size()};
  message_ = {};
  message_.msg_iov = &part_;
  message_.msg_iovlen = 1;
  if (!bytes_.has_begun() && !descriptors_.empty()) {
    const size_t size = descriptors_.size() * sizeof(int);
    control_.assign(CMSG_SPACE(size), 0);
    message_.msg_control = control_.data();
    message_.msg_controllen = control_.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message_);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(part), descriptors_.data(), size);
  }
  io_uring_prep_sendmsg(&entry, socket_->fd(), &message_, MSG_NOSIGNAL);
}

bool SendDescriptorsOperation::OnPart(int result) {
  if (result < 0) return OnFailedPart(result);
  return bytes_.Sent(static_cast<size_t>(result));
}

}  // namespace internal

absl::StatusOr<UnixStream> UnixStream::FromDescriptor(int fd) {
  const absl::StatusOr<SocketAddress> name = internal::PrepareToAdopt(
      fd, internal::SocketKind::kUnixStream, "UnixStream::FromDescriptor");
  if (!name.ok()) return name.status();
  return UnixStream(internal::StreamSocketRef::Make(fd, *name));
}

absl::StatusOr<UnixListener> UnixListener::FromDescriptor(int fd) {
  const absl::StatusOr<SocketAddress> name = internal::PrepareToAdopt(
      fd, internal::SocketKind::kUnixListener, "UnixListener::FromDescriptor");
  if (!name.ok()) return name.status();
  return UnixListener(internal::ListenSocketRef::Make(fd, *name));
}

absl::StatusOr<std::pair<UnixStream, UnixStream>> UnixStream::Pair() {
  // Also outside of a run.
  if (absl::Status reserved = internal::ReserveStandardDescriptors();
      !reserved.ok()) {
    return reserved;
  }
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return internal::SystemError(errno, "make a pair of connected sockets");
  }
  const SocketAddress unnamed;
  return std::make_pair(
      UnixStream(internal::StreamSocketRef::Make(fds[0], unnamed)),
      UnixStream(internal::StreamSocketRef::Make(fds[1], unnamed)));
}

namespace {

absl::StatusOr<FileDescriptor> OpenSocket(const SocketAddress& address,
                                          const std::string& what) {
  if (address.family() != AF_UNIX) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": not a Unix-domain address"));
  }
  if (absl::Status reserved = internal::ReserveStandardDescriptors();
      !reserved.ok()) {
    return reserved;
  }
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return internal::SystemError(errno, what);
  return fd;
}

}  // namespace

absl::StatusOr<UnixListener> ListenUnix(const SocketAddress& address,
                                        int backlog) {
  const std::string what = absl::StrCat("listen on ", address.ToString());
  absl::StatusOr<FileDescriptor> fd = OpenSocket(address, what);
  if (!fd.ok()) return std::move(fd).status();
  const absl::StatusOr<SocketAddress> bound =
      internal::Bind(fd->get(), address, what);
  if (!bound.ok()) return bound.status();
  if (listen(fd->get(), backlog) != 0) {
    return internal::BindError(errno, address, what);
  }
  return UnixListener(internal::ListenSocketRef::Make(fd->Release(), *bound));
}

Task<absl::StatusOr<UnixStream>> ConnectUnix(SocketAddress address) {
  const std::string what = absl::StrCat("connect to ", address.ToString());
  absl::StatusOr<FileDescriptor> fd = OpenSocket(address, what);
  if (!fd.ok()) {
    co_await Checkpoint();
    co_return std::move(fd).status();
  }
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_connect(&entry, fd->get(), address.data(), address.size());
  };
  const int result = co_await Uring(prepare);
  if (result < 0) co_return internal::SystemError(-result, what);
  co_return UnixStream(internal::StreamSocketRef::Make(fd->Release(), address));
}

}  // namespace creche
