// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/epoll_watches.h"

#include <sys/epoll.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace creche::internal {
namespace {

constexpr unsigned kAlwaysReported = EPOLLERR | EPOLLHUP;

// A descriptor whose event lets no waiter go on so many times in a row is
// watched for changes only (EPOLLET). Otherwise it would keep the run busy: an
// error that waits in a socket's error queue is always reported, say.
constexpr unsigned kMostInVain = 8;

// After so many events of files whose number means another one, the set is made
// anew. Most such files give one event, and no more.
constexpr int kMostStrangers = 8;

}  // namespace

int EpollWatches::Start(Waiter& waiter, unsigned events) {
  if (waiter.fd < 0) return -EBADF;
  const auto number = static_cast<size_t>(waiter.fd);
  if (number >= watches_.size()) watches_.resize(number + 1);
  Watch& watch = watches_[number];
  if (watch.waiting.empty()) watch.events = 0;
  watch.events |= events;
  watch.in_vain = 0;
  watch.is_standing = waiter.is_lasting && watch.waiting.empty();
  if (const int error = Arm(waiter.fd, watch, events); error != 0) return error;
  waiter.events = events;
  watch.waiting.PushBack(&waiter);
  return 0;
}

// `newest`: the part of watch.events for one that does not wait there yet. If
// the set has no such descriptor though it should, that was closed while others
// waited for it; what has its number now is none of theirs.
int EpollWatches::Arm(int fd, Watch& watch, unsigned newest) {
  const bool is_in_vain = watch.in_vain > kMostInVain;
  watch.is_standing = watch.is_standing && may_stand_ && !is_in_vain;
  const unsigned mode = is_in_vain          ? unsigned{EPOLLET}
                        : watch.is_standing ? 0U
                                            : unsigned{EPOLLONESHOT};
  if (watch.is_in_set) {
    const int error = set_.Rearm(fd, watch.events | mode, Tag(fd, watch));
    if (error == 0) return 0;
    watch.is_in_set = false;
    GiveUpAll(watch, error == -ENOENT ? -EBADF : error);
    if (error != -ENOENT || newest == 0) return error;
    watch.events = newest;
  }
  const int error = AddToSet(fd, watch, watch.events | mode);
  watch.is_in_set = error == 0;
  return error;
}

// A user may watch only so many descriptors, in all processes. So those that
// nobody waits for now are dropped before that is an error.
int EpollWatches::AddToSet(int fd, Watch& watch, unsigned events) {
  ++watch.generation;
  int error = set_.Add(fd, events, Tag(fd, watch));
  if (error == -ENOSPC) {
    MakeRoomInSet();
    error = set_.Add(fd, events, Tag(fd, watch));
  }
  if (error == -EEXIST) error = set_.Rearm(fd, events, Tag(fd, watch));
  return error == -ENOSPC ? -EUSERS : error;
}

void EpollWatches::MakeRoomInSet() {
  int fd = 0;
  for (Watch& watch : watches_) {
    if (watch.is_in_set && watch.waiting.empty()) {
      set_.Remove(fd);
      watch.is_in_set = false;
    }
    ++fd;
  }
}

void EpollWatches::GiveUpAll(Watch& watch, int error) {
  while (Waiter* waiter = watch.waiting.front()) owner_.GiveUp(*waiter, error);
}

// The set forgets the file while its number still means it: later, nobody could
// tell the set to.
void EpollWatches::Stop(Waiter& waiter) {
  static_cast<ListLink<WatchTag>&>(waiter).Unlink();
  waiter.events = 0;
  if (!waiter.is_lasting) return;
  Watch& watch = watches_[static_cast<size_t>(waiter.fd)];
  if (!watch.is_standing) return;
  watch.is_standing = false;
  if (watch.is_in_set) set_.Remove(waiter.fd);
  watch.is_in_set = false;
}

void EpollWatches::OnEvent(const epoll_event& event) {
  const auto number = static_cast<std::uint32_t>(event.data.u64);
  if (number >= watches_.size()) return;
  Watch& watch = watches_[number];
  const int fd = static_cast<int>(number);
  if (event.data.u64 != Tag(fd, watch) || !watch.is_in_set) {
    ++strangers_;
    return;
  }
  TryAll(watch, event.events);
  WatchOn(fd, watch);
}

void EpollWatches::TryAll(Watch& watch, unsigned ready) {
  watch.events = 0;
  ++watch.in_vain;
  Waiter* next = nullptr;
  for (Waiter* waiter = watch.waiting.front(); waiter != nullptr;
       waiter = next) {
    next = watch.waiting.after(waiter);
    if ((ready & (waiter->events | kAlwaysReported)) != 0) {
      const Tried tried = owner_.TryAgain(*waiter, ready);
      if (tried != Tried::kInVain) watch.in_vain = 0;
      if (tried == Tried::kLeft) continue;
    }
    watch.events |= waiter->events;
  }
}

// Events have come, and those that wait have been tried.
void EpollWatches::WatchOn(int fd, Watch& watch) {
  if (watch.waiting.empty() || watch.in_vain > kMostInVain + 1) return;
  if (watch.is_standing && watch.in_vain == 0) return;
  const Waiter* first = watch.waiting.front();
  watch.is_standing =
      first->is_lasting && watch.waiting.after(first) == nullptr;
  Arm(fd, watch, /*newest=*/0);
}

// A file that was closed behind the library's back while its watch was a
// standing one, and that is open under another number, cannot be taken out of
// the set.
void EpollWatches::DropStrangers() {
  if (strangers_ <= kMostStrangers || !may_stand_) return;
  strangers_ = 0;
  // Only the old set can tell whose number means another file now.
  WatchAllAgain();
  if (!set_.Renew()) return;
  for (Watch& watch : watches_) watch.is_in_set = false;
  WatchAllAgain();
}

void EpollWatches::WatchAllAgain() {
  int fd = 0;
  for (Watch& watch : watches_) {
    const int error = watch.waiting.empty() ? 0 : Arm(fd, watch, /*newest=*/0);
    if (error != 0) GiveUpAll(watch, error);
    ++fd;
  }
}

}  // namespace creche::internal
