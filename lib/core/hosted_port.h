// SPDX-License-Identifier: Apache-2.0
//
// HostedPort: what a port can do for a run that must not wait itself.

#ifndef CRECHE_LIB_CORE_HOSTED_PORT_H_
#define CRECHE_LIB_CORE_HOSTED_PORT_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace creche::internal {

// Another loop waits for the run, on one descriptor.
class HostedPort {
 public:
  // A descriptor that is readable when something has come in since the last
  // PollToWait(), and after a Notify(). It belongs to the port, which is open,
  // and which closes it in Close().
  virtual absl::StatusOr<int> OpenWaitDescriptor() = 0;

  // In the place of Wait(): looks once, delivers what has come, and returns for
  // how long the descriptor may be waited for. Zero: not at all, for there has
  // been something. Infinite: the port has nothing to do before that.
  virtual absl::Duration PollToWait() = 0;

 protected:
  ~HostedPort() = default;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_HOSTED_PORT_H_
