// SPDX-License-Identifier: Apache-2.0

#include "creche/io/pipe.h"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/io/blocks_in_place.h"
#include "lib/io/stream_file.h"
#include "lib/uring/part_size.h"
#include "lib/uring/standard_descriptors.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace {

// Where the file's own position is, if it has one.
constexpr std::uint64_t kAtPosition = ~std::uint64_t{0};

// True if that was a part which has only found out that the descriptor is in
// non-blocking mode, or which has waited because it is.
bool OnlyWaits(int result, bool& polls) {
  if (std::exchange(polls, false)) return true;
  polls = result == -EAGAIN;
  return polls;
}

void IgnoreBrokenPipes() {
  struct sigaction action = {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 &&
      action.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

}  // namespace

namespace internal {

void ReadOperation::Prepare(io_uring_sqe& entry) {
  if (polls_) {
    io_uring_prep_poll_add(&entry, socket_->fd(), POLLIN);
  } else {
    io_uring_prep_read(&entry, socket_->fd(), buffer_.data(),
                       PartSize(buffer_.size()), kAtPosition);
    if (blocks_) entry.flags |= IOSQE_ASYNC;
  }
}

bool ReadOperation::OnPart(int result) {
  if (OnlyWaits(result, polls_)) return true;
  const bool is_end = IsEndOfTerminal(socket_->fd(), result);
  return ReceiveOperation::OnPart(is_end ? 0 : result);
}

void WriteOperation::Prepare(io_uring_sqe& entry) {
  if (polls_) {
    io_uring_prep_poll_add(&entry, socket_->fd(), POLLOUT);
  } else {
    io_uring_prep_write(&entry, socket_->fd(), unsent().data(),
                        PartSize(unsent().size()), kAtPosition);
    if (blocks_) entry.flags |= IOSQE_ASYNC;
  }
}

bool WriteOperation::OnPart(int result) {
  return OnlyWaits(result, polls_) || SendOperation::OnPart(result);
}

PipeEnd::PipeEnd(int fd)
    : socket_(fd, SocketAddress()), blocks_(BlocksInPlace(fd)) {}

}  // namespace internal

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
