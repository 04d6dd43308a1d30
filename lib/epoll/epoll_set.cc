// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/epoll_set.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
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
  if (notify_fd_ >= 0 && WatchNotifications()) return absl::OkStatus();
  const int error = errno;
  Close();
  if (error == EPERM || error == ENOSYS) {
    return absl::UnavailableError(
        "epoll is forbidden to this process, most likely by a seccomp filter");
  }
  return SystemError(error, "make an epoll instance");
}

// Each write is an event of its own, whether or not anybody reads.
bool EpollSet::WatchNotifications() {
  return Control(EPOLL_CTL_ADD, notify_fd_, EPOLLIN | unsigned{EPOLLET},
                 kNotificationTag) == 0;
}

// A notification that the old one has not told yet is told by the new one: what
// was written is still there. So may be one that was told, which does no harm.
bool EpollSet::Renew() {
  int fresh = epoll_create1(EPOLL_CLOEXEC);
  const bool has_replaced =
      fresh >= 0 && dup3(fresh, epoll_fd_, O_CLOEXEC) == epoll_fd_;
  CloseIfOpen(fresh);
  if (!has_replaced) return false;
  CloseIfOpen(timer_fd_);
  if (!WatchNotifications()) Misuse("a run's epoll cannot be made anew");
  return true;
}

void EpollSet::Close() {
  CloseIfOpen(epoll_fd_);
  CloseIfOpen(notify_fd_);
  CloseIfOpen(timer_fd_);
}

int EpollSet::Control(int operation, int fd, unsigned events,
                      std::uint64_t tag) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(epoll_fd_, operation, fd, &event) == 0 ? 0 : -errno;
}

size_t EpollSet::Take(epoll_event* events, size_t size,
                      absl::Duration at_most) {
  const int most = static_cast<int>(size);
  int count = -1;
  if (at_most == absl::ZeroDuration() || at_most == absl::InfiniteDuration()) {
    const int timeout = at_most == absl::ZeroDuration() ? 0 : -1;
    count = epoll_wait(epoll_fd_, events, most, timeout);
  } else if (has_pwait2_) {
    const timespec timeout = RoundedUp(at_most);
    count = epoll_pwait2(epoll_fd_, events, most, &timeout, nullptr);
    // New in Linux 5.11. A filter that is older than that may forbid it.
    has_pwait2_ = count >= 0 || (errno != ENOSYS && errno != EPERM);
    if (!has_pwait2_) count = WaitByTimer(events, most, at_most);
  } else {
    count = WaitByTimer(events, most, at_most);
  }
  if (count >= 0) return static_cast<size_t>(count);
  if (errno != EINTR) {
    Misuse(absl::StrCat("epoll_wait failed unexpectedly: ",
                        absl::ErrnoToStatus(errno, "").message(),
                        " (was the descriptor of the run's epoll closed?)"));
  }
  return 0;
}

// The timer's own event only ends the wait; it is not to be seen.
int EpollSet::WaitByTimer(epoll_event* events, int size,
                          absl::Duration at_most) {
  StartTimer(at_most);
  int count = epoll_wait(epoll_fd_, events, size, -1);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 == kTimerTag) events[i--] = events[--count];
  }
  return count;
}

void EpollSet::StartTimer(absl::Duration duration) {
  if (timer_fd_ < 0) {
    timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer_fd_ >= 0) {
      Control(EPOLL_CTL_ADD, timer_fd_, EPOLLIN | unsigned{EPOLLET}, kTimerTag);
    }
  }
  itimerspec setting = {};
  setting.it_value = RoundedUp(duration);
  if (timerfd_settime(timer_fd_, 0, &setting, nullptr) != 0) {
    Misuse(absl::StrCat("no timer for the waits of a run: ",
                        absl::ErrnoToStatus(errno, "").message()));
  }
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
