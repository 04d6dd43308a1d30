// SPDX-License-Identifier: Apache-2.0
//
// EpollSet: an epoll instance: which descriptors are watched for what, and what
// has come.

#ifndef CRECHE_LIB_EPOLL_EPOLL_SET_H_
#define CRECHE_LIB_EPOLL_EPOLL_SET_H_

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace creche::internal {

class EpollSet {
 public:
  EpollSet() = default;
  EpollSet(const EpollSet&) = delete;
  EpollSet& operator=(const EpollSet&) = delete;
  ~EpollSet() { Close(); }

  // Errors: kResourceExhausted: no descriptors. kUnavailable: epoll is
  //   forbidden.
  absl::Status Open();
  void Close();

  // Events, with `tag` as their data, will come when one of `events` (EPOLLIN
  // and others), an error or a hang-up is there: one, with EPOLLONESHOT. Each
  // returns 0 or a negated errno: -ENOENT of Rearm(), that the file which has
  // the number now is not in the set; -EEXIST of Add(), that it is; -EPERM,
  // that it is one which is always ready; -ENOSPC, that this user watches too
  // many.
  int Add(int fd, unsigned events, std::uint64_t tag) {
    return Control(epoll_fd_, EPOLL_CTL_ADD, fd, events, tag);
  }
  int Rearm(int fd, unsigned events, std::uint64_t tag) {
    return Control(epoll_fd_, EPOLL_CTL_MOD, fd, events, tag);
  }
  // Makes room. Has no effect if it is not there.
  void Remove(int fd) { Control(epoll_fd_, EPOLL_CTL_DEL, fd, 0, 0); }

  // A new instance under the same number, which watches nothing yet. Returns
  // false if it cannot be had; then all is as before.
  bool Renew();

  // Can be waited for: it is readable while there are events to take.
  int fd() const { return epoll_fd_; }

  // Takes up to `size` events; waits for the first for `at_most`, which may be
  // zero or infinite. Returns how many there are: none, too, if a signal came.
  size_t Take(epoll_event* events, size_t size, absl::Duration at_most);

  // Ends a Take() that waits, or else the next: by an event for which
  // IsNotification() is true.
  // Thread safety: any thread, and signal handlers, between Open() and Close().
  void Notify();
  bool IsNotification(const epoll_event& event) const {
    return event.data.u64 == kNotificationTag;
  }

 private:
  // A tag that no caller uses.
  static constexpr std::uint64_t kNotificationTag = ~std::uint64_t{0};

  bool WatchNotifications(int epoll_fd);
  static int Control(int epoll_fd, int operation, int fd, unsigned events,
                     std::uint64_t tag);
  // Take(), for a time that is neither zero nor infinite: what epoll_wait()
  // returns.
  int TakeWithin(epoll_event* events, int size, absl::Duration at_most);

  int epoll_fd_ = -1;
  int notify_fd_ = -1;
  bool has_pwait2_ = true;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_EPOLL_SET_H_
