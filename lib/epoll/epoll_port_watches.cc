// SPDX-License-Identifier: Apache-2.0
//
// What an EpollPort has its set watch, and how.

#include <sys/epoll.h>

#include <cerrno>

#include "lib/epoll/epoll_port.h"

namespace creche::internal {
namespace {

// A descriptor whose event lets no operation go on so many times in a row is
// watched for changes only (EPOLLET). Otherwise it would keep the run busy: an
// error that waits in a socket's error queue is always reported, say.
constexpr unsigned kMostInVain = 8;

}  // namespace

int EpollPort::StartWatching(UnderWay& operation, unsigned events) {
  const int fd = operation.entry.fd;
  if (fd < 0) return -EBADF;
  const auto number = static_cast<size_t>(fd);
  if (number >= watches_.size()) watches_.resize(number + 1);
  Watch& watch = watches_[number];
  if (watch.waiting.empty()) watch.events = 0;
  watch.events |= events;
  watch.in_vain = 0;
  watch.is_standing = operation.is_multishot && watch.waiting.empty();
  if (const int error = Arm(fd, watch, events); error != 0) return error;
  operation.events = events;
  watch.waiting.PushBack(&operation);
  return 0;
}

// `newest`: the part of watch.events for one that does not wait there yet. If
// the set has no such descriptor though it should, that was closed while
// operations waited for it; what has its number now is none of theirs.
int EpollPort::Arm(int fd, Watch& watch, unsigned newest) {
  const bool is_in_vain = watch.in_vain > kMostInVain;
  watch.is_standing = watch.is_standing && may_stand_ && !is_in_vain;
  const unsigned mode = is_in_vain          ? unsigned{EPOLLET}
                        : watch.is_standing ? 0U
                                            : unsigned{EPOLLONESHOT};
  if (watch.is_in_set) {
    const int error = set_.Rearm(fd, watch.events | mode, Tag(fd, watch));
    if (error == 0) return 0;
    watch.is_in_set = false;
    EndAll(watch, error == -ENOENT ? -EBADF : error);
    if (error != -ENOENT || newest == 0) return error;
    watch.events = newest;
  }
  const int error = AddToSet(fd, watch, watch.events | mode);
  watch.is_in_set = error == 0;
  return error;
}

// A user may watch only so many descriptors, in all processes. So those that
// nobody waits for now are dropped before that is an error.
int EpollPort::AddToSet(int fd, Watch& watch, unsigned events) {
  ++watch.generation;
  int error = set_.Add(fd, events, Tag(fd, watch));
  if (error == -ENOSPC) {
    MakeRoomInSet();
    error = set_.Add(fd, events, Tag(fd, watch));
  }
  if (error == -EEXIST) error = set_.Rearm(fd, events, Tag(fd, watch));
  return error == -ENOSPC ? -EUSERS : error;
}

void EpollPort::MakeRoomInSet() {
  int fd = 0;
  for (Watch& watch : watches_) {
    if (watch.is_in_set && watch.waiting.empty()) {
      set_.Remove(fd);
      watch.is_in_set = false;
    }
    ++fd;
  }
}

void EpollPort::EndAll(Watch& watch, int result) {
  while (UnderWay* operation = watch.waiting.front()) {
    End(*operation, {ResultWithMoved(operation->entry, result), 0});
  }
}

// Events have come, and those that wait have been tried.
void EpollPort::WatchOn(int fd, Watch& watch) {
  if (watch.waiting.empty() || watch.in_vain > kMostInVain + 1) return;
  if (watch.is_standing && watch.in_vain == 0) return;
  const UnderWay* first = watch.waiting.front();
  watch.is_standing =
      first->is_multishot && watch.waiting.after(first) == nullptr;
  Arm(fd, watch, /*newest=*/0);
}

// While its number still means the file: later, nobody could tell the set to
// forget that.
void EpollPort::StopWatching(UnderWay& operation) {
  Waiting(operation).Unlink();
  if (!operation.is_multishot) return;
  const int fd = operation.entry.fd;
  Watch& watch = watches_[static_cast<size_t>(fd)];
  if (!watch.is_standing) return;
  watch.is_standing = false;
  if (watch.is_in_set) set_.Remove(fd);
  watch.is_in_set = false;
}

// A file that was closed behind the library's back while it was watched for
// good, and that is open under another number, cannot be taken out of the set.
void EpollPort::WatchInNewSet() {
  if (!may_stand_ || !set_.Renew()) return;
  strangers_ = 0;
  int fd = 0;
  for (Watch& watch : watches_) {
    watch.is_in_set = false;
    if (!watch.waiting.empty()) Arm(fd, watch, /*newest=*/0);
    ++fd;
  }
}

}  // namespace creche::internal
