// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "creche/uring/file_descriptor.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

}  // namespace

// The kernel gives the lowest number that is free.
absl::Status ReserveStandardDescriptors() {
  if (IsOpen(STDIN_FILENO) && IsOpen(STDOUT_FILENO) && IsOpen(STDERR_FILENO)) {
    return absl::OkStatus();
  }
  for (;;) {
    FileDescriptor fd(open("/", O_PATH | O_CLOEXEC));
    if (!fd.is_open()) {
      return SystemError(errno, "take the number of a closed standard stream");
    }
    if (fd.get() > STDERR_FILENO) return absl::OkStatus();
    fd.Release();  // It stays for as long as the process.
  }
}

bool IsReserved(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) != 0;
}

}  // namespace creche::internal
