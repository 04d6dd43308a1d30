// SPDX-License-Identifier: Apache-2.0
//
// kNobody: a user who is not privileged. The kernel's limit of processes and
// threads (RLIMIT_NPROC) does not concern root.

#ifndef CRECHE_TESTS_SUPPORT_NOBODY_H_
#define CRECHE_TESTS_SUPPORT_NOBODY_H_

#include <sys/wait.h>
#include <unistd.h>

namespace creche {

inline constexpr uid_t kNobody = 65534;

// False in a namespace that has no other user, such as Bazel's sandbox.
inline bool CanBecomeNobody() {
  const pid_t child = fork();
  if (child == 0) _exit(geteuid() != 0 || setuid(kNobody) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0;
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_NOBODY_H_
