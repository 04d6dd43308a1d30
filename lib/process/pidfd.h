// SPDX-License-Identifier: Apache-2.0
//
// OpenPidfd, SignalPidfd: the system calls. (glibc has them since 2.36, but
// there <sys/pidfd.h> does not say that they are C functions.)

#ifndef CRECHE_LIB_PROCESS_PIDFD_H_
#define CRECHE_LIB_PROCESS_PIDFD_H_

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "creche/uring/file_descriptor.h"

namespace creche::internal {

// Not open on failure: errno says why.
inline FileDescriptor OpenPidfd(pid_t pid) {
  return FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

// 0, or -1 and errno.
inline int SignalPidfd(const FileDescriptor& pidfd, int signal) {
  return static_cast<int>(
      syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0));
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_PROCESS_PIDFD_H_
