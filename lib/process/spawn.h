// SPDX-License-Identifier: Apache-2.0
//
// Spawn: a new process, by posix_spawn().

#ifndef CRECHE_LIB_PROCESS_SPAWN_H_
#define CRECHE_LIB_PROCESS_SPAWN_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/process/command.h"
#include "creche/uring/file_descriptor.h"

namespace creche::internal {

// The child's ends of its standard streams. One that is not open is, for input,
// empty, and for output and error, this process's.
struct ChildStreams {
  FileDescriptor input;
  FileDescriptor output;
  FileDescriptor error;
};

struct SpawnedProcess {
  pid_t pid = -1;
  // Not open: the process has ended already, and the system has forgotten it,
  // since SIGCHLD is ignored.
  FileDescriptor pidfd;
};

// Whether there can be such a command.
// Errors: kInvalidArgument, with which part of it cannot be.
absl::Status CheckCommand(const Command& command);

// Blocks: until the program is loaded. (fork() would be quicker for a small
// process, but takes longer the more memory the process has: 50 ms for 2 GiB.)
// Requires: CheckCommand() is OK.
// Errors: as of Process::Start(). Nothing is left of the child.
absl::StatusOr<SpawnedProcess> Spawn(const Command& command,
                                     const ChildStreams& streams);

}  // namespace creche::internal

#endif  // CRECHE_LIB_PROCESS_SPAWN_H_
