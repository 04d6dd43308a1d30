// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/setup_error.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace creche::internal {

int ReadIoUringDisabled() {
  std::ifstream setting("/proc/sys/kernel/io_uring_disabled");
  int value = -1;
  return setting >> value ? value : -1;
}

absl::Status SetupError(int error, int io_uring_disabled) {
  switch (error) {
    case ENOSYS:
    case EOPNOTSUPP:
      return absl::UnavailableError(
          "io_uring is not available: the kernel (or the sandbox around this "
          "process) does not know its system calls; creche needs Linux 5.11 or "
          "newer, built with CONFIG_IO_URING");
    case EPERM:
    case EACCES:
      if (io_uring_disabled == 2) {
        return absl::UnavailableError(
            "io_uring is disabled on this machine: kernel.io_uring_disabled is "
            "2; set it to 0 (sysctl kernel.io_uring_disabled=0)");
      }
      if (io_uring_disabled == 1) {
        return absl::UnavailableError(
            "io_uring is restricted on this machine: kernel.io_uring_disabled "
            "is 1, so only the group of kernel.io_uring_group and processes "
            "with CAP_SYS_ADMIN may use it; join that group, or set "
            "kernel.io_uring_disabled to 0");
      }
      return absl::UnavailableError(
          "io_uring is forbidden to this process, most likely by a seccomp "
          "filter (Docker's default profile has one): run the container with "
          "--security-opt seccomp=<a profile that allows io_uring_setup, "
          "io_uring_enter and io_uring_register>, or unconfined");
    case ENOMEM:
      return absl::ResourceExhaustedError(
          "no memory for io_uring: its queues count as locked memory of this "
          "user; raise the limit (ulimit -l), or have fewer runs at a time");
    case EMFILE:
      return absl::ResourceExhaustedError(
          "no file descriptor for io_uring: this process has as many open as "
          "it may; raise the limit (ulimit -n)");
    case ENFILE:
      return absl::ResourceExhaustedError(
          "no file descriptor for io_uring: this machine has as many files "
          "open as it may; raise fs.file-max");
    case EINVAL:
      return TooOldError();
    default:
      return absl::InternalError(absl::StrCat(
          "io_uring_setup failed unexpectedly: ", std::strerror(error)));
  }
}

absl::Status TooOldError() {
  return absl::UnavailableError(
      "this kernel's io_uring is too old; creche needs Linux 5.11 or newer");
}

}  // namespace creche::internal
