// SPDX-License-Identifier: Apache-2.0
//
// TryNow, CallAndWait: what an entry of io_uring describes, done by the system
// call that it stands for.

#ifndef CRECHE_LIB_EPOLL_CALLS_H_
#define CRECHE_LIB_EPOLL_CALLS_H_

#include <liburing.h>

namespace creche::internal {

// What has become of an operation that was tried.
struct Attempt {
  enum class Next {
    kDone,    // It has ended, with `result` and `flags`.
    kWait,    // It would block. It is to be tried again on one of `events`.
    kThread,  // It may block, and nothing tells beforehand: it needs a thread.
    kMore,    // It has brought `result` and `flags`, and waits for more.
  };

  static Attempt Done(int result, unsigned flags = 0) {
    return {Next::kDone, result, flags, 0};
  }
  static Attempt Wait(unsigned events) { return {Next::kWait, 0, 0, events}; }
  static Attempt More(int result, unsigned flags, unsigned events) {
    return {Next::kMore, result, flags, events};
  }
  static Attempt Thread() { return {Next::kThread, 0, 0, 0}; }

  Next next;
  int result;       // 0 or more, or a negated errno.
  unsigned flags;   // IORING_CQE_F_...
  unsigned events;  // POLLIN, POLLOUT and others; of entry.fd.
};

// Where the port keeps what an operation has moved so far, while it goes on: no
// call reads this field.
inline __u64& Moved(io_uring_sqe& entry) { return entry.user_data; }

// What the operation gives if it ends with `result` now: that it has moved
// something counts, and the next one will meet the error again.
int ResultWithMoved(const io_uring_sqe& entry, int result);

// Tries what `entry` describes without ever blocking, whatever mode its
// descriptor is in. `ready`: what of POLLIN and others there is, as far as is
// known; 0 at the first attempt. Before that, Moved(entry) is 0; between
// attempts, the entry is changed to describe what is left.
//
// The result is -EOPNOTSUPP for operations other than those that docs/epoll.md
// lists, and for entries that need the ring itself: registered files and
// buffers, multishot operations.
Attempt TryNow(io_uring_sqe& entry, unsigned ready);

// Does what is left to do, and blocks as long as it takes, or until a signal
// interrupts it. For what TryNow() says needs a thread. Returns what the whole
// operation gives; -EINTR only if nothing of it was done.
// Thread safety: any thread.
int CallAndWait(const io_uring_sqe& entry);

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_CALLS_H_
