// SPDX-License-Identifier: Apache-2.0

#include "lib/net/multishot_accept.h"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace creche::internal {
namespace {

// How many connections may wait here for somebody to ask before the kernel is
// told to stop. Others wait in the listener's backlog, where they need no
// descriptor. (Those that the backlog has when the kernel is asked come all at
// once, so there can be more here.)
constexpr size_t kMaxConnectionsWaiting = 64;

}  // namespace

bool IsErrorOfOneConnection(int error) {
  switch (error) {
    case ECONNABORTED:
    case ECONNRESET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EPERM:
    case EPROTO:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

void MultishotAccept::Start() {
  io_uring_sqe entry = {};
  // The address would be that of the last connection only.
  io_uring_prep_multishot_accept(&entry, descriptor_.fd(), nullptr, nullptr,
                                 SOCK_CLOEXEC);
  Arm(entry);
}

int MultishotAccept::TakeConnection() {
  if (connections_.empty()) return -1;
  const int fd = connections_.front().Release();
  connections_.pop_front();
  return fd;
}

bool MultishotAccept::Keep(int result, unsigned /*flags*/) {
  if (result >= 0) {
    FileDescriptor connection(result);
    if (!descriptor_.is_closed()) connections_.push_back(std::move(connection));
  } else if (result != -ECANCELED && result != -EINTR &&
             !IsErrorOfOneConnection(-result) && waiter() != nullptr) {
    // Without anybody who waits, it is left to the next to find out.
    error_ = -result;
  }
  return connections_.size() >= kMaxConnectionsWaiting;
}

}  // namespace creche::internal
