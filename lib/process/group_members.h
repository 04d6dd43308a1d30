// SPDX-License-Identifier: Apache-2.0
//
// WaitForGroup: until nobody of a process group is alive.

#ifndef CRECHE_LIB_PROCESS_GROUP_MEMBERS_H_
#define CRECHE_LIB_PROCESS_GROUP_MEMBERS_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "creche/core/task.h"

namespace creche::internal {

// Zombies do not count: somebody else has not waited for them. The kernel has
// no such call, so this looks at all processes (/proc), on a thread, each time
// that all it had found have ended: those may have made others. Cancellation:
// safe. Errors: as errno says, if a process cannot be waited for.
Task<absl::Status> WaitForGroup(pid_t group);

}  // namespace creche::internal

#endif  // CRECHE_LIB_PROCESS_GROUP_MEMBERS_H_
