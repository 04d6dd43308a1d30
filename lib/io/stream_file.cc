// SPDX-License-Identifier: Apache-2.0

#include "lib/io/stream_file.h"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "lib/io/file_error.h"
#include "lib/io/restarted.h"
#include "lib/uring/part_size.h"

namespace creche::internal {
namespace {

// Until a read or write may work, or tells what is wrong.
Task<absl::Status> WaitUntilReady(int fd, unsigned events,
                                  const std::string& path) {
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_poll_add(&entry, fd, events);
  };
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "poll", path);
  co_return absl::OkStatus();
}

// While it lives, a SIGPIPE that this thread raises stays with it.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &mask_before_);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked() { pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

  // Forgets the one that was raised since.
  void Forget() const {
    const timespec at_once = {};
    if (!was_pending_) sigtimedwait(&sigpipe_, nullptr, &at_once);
  }

 private:
  sigset_t sigpipe_;
  sigset_t mask_before_;
  bool was_pending_;
};

// Writes what there is room for. Returns how much, or a negated errno. Not by
// io_uring: that may write much later than it was asked to, wherever it raises
// the signal then.
ssize_t WriteNow(int fd, absl::string_view data) {
  const SigpipeBlocked sigpipe_blocked;
  const ssize_t size = write(fd, data.data(), PartSize(data.size()));
  if (size >= 0) return size;
  const int error = errno;
  if (error == EPIPE) sigpipe_blocked.Forget();
  return -error;
}

}  // namespace

bool BecomeStreamFile(int fd) {
  if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != ESPIPE) return false;
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

void BecomeBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

// Of a FIFO that was opened without waiting, poll(2) reports nothing before a
// writer has come: no end either (fifo_open() in the kernel's fs/pipe.c).
Task<absl::Status> WaitForWriter(int fd, const std::string& path) {
  co_return co_await WaitUntilReady(fd, POLLIN, path);
}

Task<absl::StatusOr<size_t>> ReadStreamFile(int fd, const std::string& path,
                                            absl::Span<char> buffer) {
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, fd, buffer.data(), PartSize(buffer.size()), 0);
  };
  for (;;) {
    const int result = co_await Restarted(prepare);
    if (result >= 0) co_return static_cast<size_t>(result);
    if (IsEndOfTerminal(fd, result)) co_return size_t{0};
    if (result != -EAGAIN) co_return FileError(result, "read", path);
    co_await Try(WaitUntilReady(fd, POLLIN, path));
  }
}

Task<absl::Status> WriteStreamFile(int fd, const std::string& path,
                                   absl::string_view data) {
  while (!data.empty()) {
    co_await BudgetedCheckpoint();
    const ssize_t size = WriteNow(fd, data);
    if (size >= 0) {
      data.remove_prefix(static_cast<size_t>(size));
    } else if (size == -EAGAIN) {
      co_await Try(WaitUntilReady(fd, POLLOUT, path));
    } else if (size != -EINTR) {
      co_return FileError(static_cast<int>(size), "write", path);
    }
  }
  co_return absl::OkStatus();
}

bool IsEndOfTerminal(int fd, int result) {
  unsigned number = 0;  // Only a master has one.
  return result == -EIO && ioctl(fd, TIOCGPTN, &number) == 0;
}

}  // namespace creche::internal
