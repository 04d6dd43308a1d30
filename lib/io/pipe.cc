// SPDX-License-Identifier: Apache-2.0

#include "creche/io/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/uring/standard_descriptors.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace {

void IgnoreBrokenPipes() {
  struct sigaction action = {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 &&
      action.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

}  // namespace

PipeWriter::PipeWriter(int fd) : PipeEnd(fd) { IgnoreBrokenPipes(); }

absl::StatusOr<std::pair<PipeReader, PipeWriter>> MakePipe() {
  // Also outside of a run.
  if (absl::Status reserved = internal::ReserveStandardDescriptors();
      !reserved.ok()) {
    return reserved;
  }
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) {
    return internal::SystemError(errno, "make a pipe");
  }
  return std::make_pair(PipeReader(fds[0]), PipeWriter(fds[1]));
}

}  // namespace creche
