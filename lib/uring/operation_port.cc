// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/operation_port.h"

#include "creche/internal/misuse.h"
#include "lib/uring/current_port.h"

namespace creche {
namespace {

constinit thread_local OperationPort* current_port = nullptr;

}  // namespace

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

CurrentPort::CurrentPort(EventPort& port) {
  current_port = dynamic_cast<OperationPort*>(&port);
}

CurrentPort::~CurrentPort() { current_port = nullptr; }

}  // namespace internal

}  // namespace creche
