// SPDX-License-Identifier: Apache-2.0
//
// CurrentPort: says which port executes the kernel operations of a run.

#ifndef CRECHE_LIB_URING_CURRENT_PORT_H_
#define CRECHE_LIB_URING_CURRENT_PORT_H_

#include "creche/core/event_port.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

// While it lives, OperationPort::Current() is `port` on this thread, or nothing
// if `port` executes no operations. Only a run makes one: were it for ports to
// say that they are current, one that wraps another could be bypassed.
class CurrentPort {
 public:
  // What is current on this thread, when it turns to another run and back.
  static OperationPort* Exchange(OperationPort* port);

  explicit CurrentPort(EventPort& port);
  CurrentPort(const CurrentPort&) = delete;
  CurrentPort& operator=(const CurrentPort&) = delete;
  ~CurrentPort();
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_CURRENT_PORT_H_
