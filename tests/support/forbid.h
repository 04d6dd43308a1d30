// SPDX-License-Identifier: Apache-2.0
//
// Forbid: what a sandbox does.

#ifndef CRECHE_TESTS_SUPPORT_FORBID_H_
#define CRECHE_TESTS_SUPPORT_FORBID_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>
#include <cstdlib>
#include <iterator>

namespace creche {

// Lets this process go on without the system call: it fails with `error`, or
// ends the process if that is 0.
inline void Forbid(int system_call, int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(system_call), 0,
               1),
      BPF_STMT(BPF_RET | BPF_K,
               error == 0 ? SECCOMP_RET_KILL_PROCESS
                          : SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {std::size(filter), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    abort();
  }
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_FORBID_H_
