// SPDX-License-Identifier: Apache-2.0
//
// Uring: any operation of io_uring, as something a task can wait for.
//
//   int result = co_await creche::Uring(
//       [&](io_uring_sqe& entry) { io_uring_prep_fsync(&entry, fd, 0); });
//   if (result < 0) co_return absl::ErrnoToStatus(-result, "fsync");
//
// For sockets and files there is more convenience in net/ and io/.

#ifndef CRECHE_URING_OPERATION_H_
#define CRECHE_URING_OPERATION_H_

#include <liburing.h>

#include <type_traits>
#include <utility>

#include "creche/core/internal/safe_closure.h"
#include "creche/core/task.h"
#include "creche/uring/internal/uring_awaiter.h"

namespace creche {

// `prepare(entry)` fills a zeroed submission queue entry, except for user_data,
// which is the library's; it is called when the operation is awaited. co_await
// gives the operation's result: 0 or more, or a negated errno.
//
// Works for every operation that has one result. Of a zero-copy send it gives
// the first, when the kernel has released the buffer. Multishot operations have
// no single result, linked ones would be cut apart, one without a completion
// (IOSQE_CQE_SKIP_SUCCESS) never ends, nor does one that waits for all that are
// under way (IOSQE_IO_DRAIN), since some of the library's always are: entries
// that ask for one of these abort the process.
//
// Cancellation: same as the operation, which is cancelled in the kernel. If
// that
//   comes too late, the result is delivered. If it worked, the kernel says that
//   the operation did not happen, apart from what its manual page admits (a
//   connect leaves a socket that is unusable).
// Errors: a negated errno. -ECANCELED here was not asked for by a cancellation:
//   the kernel could not make a thread for the operation (RLIMIT_NPROC).
//   -EINTR: it was interrupted, and did nothing (the kernel's restart codes,
//   -512 and others, are this, too); a process that was stopped and continued
//   may see that. Begin it again.
// Lifetime: what the entry points to must live until the operation has ended;
//   what lives in the coroutine that awaits does.
template <typename Prepare>
internal::UringAwaiter<Prepare> Uring(Prepare&& prepare) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Prepare);
  static_assert(std::is_invocable_v<Prepare&, io_uring_sqe&>,
                "creche: Uring's argument is called with an io_uring_sqe& that "
                "it fills");
  return internal::UringAwaiter<Prepare>(std::forward<Prepare>(prepare));
}

}  // namespace creche

#endif  // CRECHE_URING_OPERATION_H_
