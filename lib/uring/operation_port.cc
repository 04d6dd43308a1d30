// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/operation_port.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/internal/misuse.h"
#include "lib/uring/current_port.h"
#include "lib/uring/part_size.h"

namespace creche {
namespace {

constinit thread_local OperationPort* current_port = nullptr;

int TrySendByKernel(int fd, absl::string_view data) {
  const ssize_t sent = send(fd, data.data(), internal::PartSize(data.size()),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? static_cast<int>(sent) : -errno;
}

}  // namespace

int OperationPort::TrySend(int fd, absl::string_view data) {
  return TrySendByKernel(fd, data);
}

int OperationPort::TrySendOnCurrent(int fd, absl::string_view data) {
  return current_port != nullptr ? current_port->TrySend(fd, data)
                                 : TrySendByKernel(fd, data);
}

OperationPort& OperationPort::Current() {
  if (current_port == nullptr) {
    internal::Misuse(
        "a kernel operation was awaited in a run whose port executes none (or "
        "outside of any run): leave RunOptions::port unset, or use an "
        "OperationPort");
  }
  return *current_port;
}

SocketNames& SocketNames::Current() {
  return current_port != nullptr ? current_port->socket_names() : System();
}

namespace internal {

OperationPort* CurrentPort::Exchange(OperationPort* port) {
  return std::exchange(current_port, port);
}

CurrentPort::CurrentPort(EventPort& port) {
  current_port = dynamic_cast<OperationPort*>(&port);
}

CurrentPort::~CurrentPort() { current_port = nullptr; }

}  // namespace internal

}  // namespace creche
