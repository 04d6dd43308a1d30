// SPDX-License-Identifier: Apache-2.0

#include "creche/io/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/uring/standard_descriptors.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace {

template <typename End>
absl::StatusOr<End> Duplicate(int fd, absl::string_view name) {
  int error = EBADF;
  if (!internal::IsReserved(fd)) {
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (own >= 0) return End(own);
    error = errno;
  }
  return internal::SystemError(error, absl::StrCat("duplicate ", name));
}

}  // namespace

absl::StatusOr<PipeReader> StandardInput() {
  return Duplicate<PipeReader>(STDIN_FILENO, "the standard input");
}

absl::StatusOr<PipeWriter> StandardOutput() {
  return Duplicate<PipeWriter>(STDOUT_FILENO, "the standard output");
}

absl::StatusOr<PipeWriter> StandardError() {
  return Duplicate<PipeWriter>(STDERR_FILENO, "the standard error");
}

}  // namespace creche
