// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/epoll_set.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

void CloseIfOpen(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// Rounded up: to wake too early would be to wait twice.
timespec RoundedUp(absl::Duration duration) {
  return absl::ToTimespec(absl::Ceil(duration, absl::Nanoseconds(1)));
}

}  // namespace

absl::Status EpollSet::Open() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ >= 0) notify_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (notify_fd_ >= 0 && WatchNotifications(epoll_fd_)) return absl::OkStatus();
  const int error = errno;
  Close();
  if (error == EPERM || error == ENOSYS) {
    return absl::UnavailableError(
        "epoll is forbidden to this process, most likely by a seccomp filter");
  }
  return SystemError(error, "make an epoll instance");
}

// Each write is an event of its own, whether or not anybody reads.
bool EpollSet::WatchNotifications(int epoll_fd) {
  return Control(epoll_fd, EPOLL_CTL_ADD, notify_fd_,
                 EPOLLIN | unsigned{EPOLLET}, kNotificationTag) == 0;
}

// A notification that the old one has not told yet is told by the new one: what
// was written is still there. So may be one that was told, which does no harm.
bool EpollSet::Renew() {
  int fresh = epoll_create1(EPOLL_CLOEXEC);
  const bool has_replaced = fresh >= 0 && WatchNotifications(fresh) &&
                            dup3(fresh, epoll_fd_, O_CLOEXEC) == epoll_fd_;
  CloseIfOpen(fresh);
  return has_replaced;
}

void EpollSet::Close() {
  CloseIfOpen(epoll_fd_);
  CloseIfOpen(notify_fd_);
}

int EpollSet::Control(int epoll_fd, int operation, int fd, unsigned events,
                      std::uint64_t tag) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(epoll_fd, operation, fd, &event) == 0 ? 0 : -errno;
}

size_t EpollSet::Take(epoll_event* events, size_t size,
                      absl::Duration at_most) {
  const int most = static_cast<int>(size);
  int count = -1;
  if (at_most == absl::ZeroDuration() || at_most == absl::InfiniteDuration()) {
    const int timeout = at_most == absl::ZeroDuration() ? 0 : -1;
    count = epoll_wait(epoll_fd_, events, most, timeout);
  } else {
    count = TakeWithin(events, most, at_most);
  }
  if (count >= 0) return static_cast<size_t>(count);
  if (errno != EINTR) {
    Misuse(absl::StrCat("epoll_wait failed unexpectedly: ",
                        absl::ErrnoToStatus(errno, "").message(),
                        " (was the descriptor of the run's epoll closed?)"));
  }
  return 0;
}

int EpollSet::TakeWithin(epoll_event* events, int size,
                         absl::Duration at_most) {
  const timespec timeout = RoundedUp(at_most);
  if (has_pwait2_) {
    const int count = epoll_pwait2(epoll_fd_, events, size, &timeout, nullptr);
    // New in Linux 5.11. A filter that is older than that may forbid it.
    has_pwait2_ = count >= 0 || (errno != ENOSYS && errno != EPERM);
    if (has_pwait2_) return count;
  }
  // As exact, and unlike a timerfd it needs no descriptor, of which there may
  // be none left.
  pollfd set = {epoll_fd_, POLLIN, 0};
  const int ready = ppoll(&set, 1, &timeout, nullptr);
  return ready <= 0 ? ready : epoll_wait(epoll_fd_, events, size, 0);
}

void EpollSet::Notify() {
  const int error = errno;
  const std::uint64_t one = 1;
  // Fails only if the run has ended, and then nobody waits; or if nobody has
  // looked 2^64 times.
  [[maybe_unused]] const ssize_t written = write(notify_fd_, &one, sizeof(one));
  errno = error;
}

}  // namespace creche::internal
