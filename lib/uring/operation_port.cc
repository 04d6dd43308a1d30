// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/operation_port.h"

#include "creche/internal/misuse.h"

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

void OperationPort::BecomeCurrent() { current_port = this; }
void OperationPort::ResignCurrent() { current_port = nullptr; }

}  // namespace creche
