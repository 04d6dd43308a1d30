// SPDX-License-Identifier: Apache-2.0
//
// WithoutRestartCode: what an operation that was interrupted gives.

#ifndef CRECHE_LIB_URING_RESTART_CODE_H_
#define CRECHE_LIB_URING_RESTART_CODE_H_

#include <cerrno>

namespace creche::internal {

// A system call that was interrupted tells the kernel by one of these how it is
// to be begun again (ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND and
// ERESTART_RESTARTBLOCK in the kernel's include/linux/errno.h). Programs are
// never to see them, but io_uring passes on those of a call that a worker has
// made, such as the opening of a FIFO.
inline bool IsRestartCode(int result) {
  return result == -512 || result == -513 || result == -514 || result == -516;
}

// The result of an operation, with -EINTR instead of a restart code: that is
// what such a code means.
inline int WithoutRestartCode(int result) {
  return IsRestartCode(result) ? -EINTR : result;
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_RESTART_CODE_H_
