// SPDX-License-Identifier: Apache-2.0
//
// EpollWatches: who waits for which descriptor, and what an EpollSet watches
// for them.

#ifndef CRECHE_LIB_EPOLL_EPOLL_WATCHES_H_
#define CRECHE_LIB_EPOLL_EPOLL_WATCHES_H_

#include <sys/epoll.h>

#include <cstdint>
#include <deque>

#include "creche/core/internal/intrusive_list.h"
#include "lib/epoll/epoll_set.h"

namespace creche::internal {

struct WatchTag;

// A descriptor is watched for one event at a time (EPOLLONESHOT), and watched
// again while waiters are left. So one that is ready, and whose task is slow,
// costs nothing. But where a waiter that lasts waits alone, the descriptor is
// watched for as long as that goes on (the watch is a standing one), without a
// system call for each event.
//
// Nothing tells a run that a number has been closed and now means another file,
// and the set goes on watching the old one as long as that is open under
// another number. So whoever begins to wait has the kernel look whether the set
// has the file that the number means now, and events of an older one are not
// heard.
class EpollWatches {
 public:
  // Waits for a descriptor. Stays where it is while it does.
  struct Waiter : ListLink<WatchTag> {
    bool is_waiting() const { return events != 0; }

    int fd = -1;
    unsigned events = 0;      // That it waits for.
    bool is_lasting = false;  // Waits for all that will come: for EPOLLIN.
  };

  enum class Tried {
    kInVain,  // It waits on, for `events`.
    kCame,    // It has got something, and waits on, for `events`.
    kLeft,    // It does not wait here any more.
  };

  class Owner {
   public:
    // `ready`: some of what `waiter` waits for, an error or a hang-up has come.
    virtual Tried TryAgain(Waiter& waiter, unsigned ready) = 0;
    // `waiter` cannot wait on, for `error`: a negated errno. It is to Stop().
    virtual void GiveUp(Waiter& waiter, int error) = 0;

   protected:
    ~Owner() = default;
  };

  // Both outlive it.
  EpollWatches(EpollSet& set, Owner& owner) : set_(set), owner_(owner) {}
  EpollWatches(const EpollWatches&) = delete;
  EpollWatches& operator=(const EpollWatches&) = delete;

  // `waiter` waits for one of `events` (EPOLLIN and others). Returns 0, or a
  // negated errno, and then it does not wait: -EPERM, that its file is one
  // which is always ready.
  int Start(Waiter& waiter, unsigned events);

  // Requires: `waiter` waits.
  void Stop(Waiter& waiter);

  // What the set has taken. Those that wait for it are tried, first come, first
  // served.
  void OnEvent(const epoll_event& event);

  // After the events of one Take(): makes the set anew if too many were those
  // of files that are nobody's any more.
  void DropStrangers();

  // Somebody else waits for the set, by its file, which so cannot be made anew.
  void KeepSet() { may_stand_ = false; }

  // Requires: nobody waits.
  void Clear() { watches_.clear(); }

 private:
  // A descriptor by its number.
  struct Watch {
    IntrusiveList<Waiter, WatchTag> waiting;
    unsigned events = 0;  // That any of them waits for, and maybe more.
    unsigned in_vain =
        0;  // Events in a row that brought none of them anything.
    bool is_in_set = false;  // As far as is known.
    bool is_standing = false;
    // Of the files that have had the number; a part of the events' tag.
    std::uint32_t generation = 0;
  };

  static std::uint64_t Tag(int fd, const Watch& watch) {
    return std::uint64_t{watch.generation} << 32U | static_cast<unsigned>(fd);
  }

  void TryAll(Watch& watch, unsigned ready);
  void WatchOn(int fd, Watch& watch);
  int Arm(int fd, Watch& watch, unsigned newest);
  int AddToSet(int fd, Watch& watch, unsigned events);
  void MakeRoomInSet();
  void WatchAllAgain();
  void GiveUpAll(Watch& watch, int error);

  EpollSet& set_;
  Owner& owner_;
  // Elements stay where they are.
  std::deque<Watch> watches_;  // By number.
  bool may_stand_ = true;      // Watches may be standing ones.
  int strangers_ = 0;  // Events of files whose number means another one.
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_EPOLL_WATCHES_H_
