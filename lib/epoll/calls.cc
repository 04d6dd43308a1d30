// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/calls.h"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace creche::internal {
namespace {

// An offset that means "at the file's own position", which pipes and the like
// do not have, either.
constexpr __u64 kAtPosition = ~__u64{0};

template <typename T>
T* Pointer(__u64 address) {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

template <typename Result>
int ResultOf(Result result) {
  return result < 0 ? -errno : static_cast<int>(result);
}

bool WouldBlock(int result) {
  return result == -EAGAIN || result == -EWOULDBLOCK;
}

bool IsNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

// Which of `events`, of errors and of hang-ups there are now; or -errno.
int Ready(int fd, unsigned events) {
  pollfd query = {fd, static_cast<short>(events), 0};
  if (fd < 0) return -EBADF;  // Which poll() ignores.
  const int count = poll(&query, 1, 0);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  if ((query.revents & POLLNVAL) != 0) return -EBADF;
  return static_cast<unsigned short>(query.revents);
}

void Advance(io_uring_sqe& entry, int size) {
  Moved(entry) += static_cast<unsigned>(size);
  entry.addr += static_cast<unsigned>(size);
  entry.len -= static_cast<unsigned>(size);
  if (entry.opcode == IORING_OP_READ) entry.off += static_cast<unsigned>(size);
}

// --- Sockets

Attempt TryTransfer(io_uring_sqe& entry, bool is_ready) {
  const bool sends = entry.opcode == IORING_OP_SEND;
  const unsigned events = sends ? POLLOUT : POLLIN;
  const unsigned poll_first = IORING_RECVSEND_POLL_FIRST;
  if ((entry.ioprio & ~poll_first) != 0) return Attempt::Done(-EOPNOTSUPP);
  if ((entry.ioprio & poll_first) != 0 && !is_ready) {
    return Attempt::Wait(events);
  }
  const int flags = static_cast<int>(entry.msg_flags) | MSG_DONTWAIT;
  for (;;) {
    auto* data = Pointer<char>(entry.addr);
    const int result = ResultOf(sends ? send(entry.fd, data, entry.len, flags)
                                      : recv(entry.fd, data, entry.len, flags));
    if (WouldBlock(result)) return Attempt::Wait(events);
    if (result == -EINTR) continue;
    const bool is_part =
        result > 0 && static_cast<unsigned>(result) < entry.len;
    if (is_part && (entry.msg_flags & MSG_WAITALL) != 0) {
      Advance(entry, result);
      continue;
    }
    // A receive that has filled its buffer may have left something.
    const bool may_have_left = !sends && result > 0 && !is_part;
    return Attempt::Done(ResultWithMoved(entry, result),
                         may_have_left ? IORING_CQE_F_SOCK_NONEMPTY : 0);
  }
}

Attempt TryMessage(const io_uring_sqe& entry) {
  if ((entry.ioprio & ~IORING_RECVSEND_POLL_FIRST) != 0) {
    return Attempt::Done(-EOPNOTSUPP);
  }
  const bool sends = entry.opcode == IORING_OP_SENDMSG;
  auto* message = Pointer<msghdr>(entry.addr);
  const int flags = static_cast<int>(entry.msg_flags) | MSG_DONTWAIT;
  int result = 0;
  do {
    result = ResultOf(sends ? sendmsg(entry.fd, message, flags)
                            : recvmsg(entry.fd, message, flags));
  } while (result == -EINTR);
  if (WouldBlock(result)) return Attempt::Wait(sends ? POLLOUT : POLLIN);
  return Attempt::Done(result);
}

int Accept(const io_uring_sqe& entry) {
  return ResultOf(accept4(entry.fd, Pointer<sockaddr>(entry.addr),
                          Pointer<socklen_t>(entry.addr2),
                          static_cast<int>(entry.accept_flags)));
}

// No flag keeps a call of accept4() from blocking, only the listener's mode.
// Where that may be shared with others, it is not ours to change; and another
// process may take the connection that poll() has seen.
Attempt TryAccept(const io_uring_sqe& entry) {
  if (entry.ioprio != 0 || entry.file_index != 0) {
    return Attempt::Done(-EOPNOTSUPP);
  }
  if (!IsNonBlocking(entry.fd)) {
    const int ready = Ready(entry.fd, POLLIN);
    if (ready < 0) return Attempt::Done(ready);
    return ready == 0 ? Attempt::Wait(POLLIN) : Attempt::Thread();
  }
  int result = 0;
  do {
    result = Accept(entry);
  } while (result == -EINTR);
  return WouldBlock(result) ? Attempt::Wait(POLLIN) : Attempt::Done(result);
}

int Connect(const io_uring_sqe& entry) {
  return ResultOf(connect(entry.fd, Pointer<const sockaddr>(entry.addr),
                          static_cast<socklen_t>(entry.off)));
}

// In non-blocking mode for the moment of the call: nobody can use a socket that
// is not connected yet.
int ConnectWithoutBlocking(const io_uring_sqe& entry) {
  const int flags = fcntl(entry.fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_NONBLOCK) != 0) return Connect(entry);
  if (fcntl(entry.fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  const int result = Connect(entry);
  fcntl(entry.fd, F_SETFL, flags);
  return result;
}

// The second call tells what became of the first, as SO_ERROR would, and ends
// it.
Attempt TryConnect(const io_uring_sqe& entry, bool is_ready) {
  const int result = ConnectWithoutBlocking(entry);
  switch (result) {
    case -EINPROGRESS:
    case -EALREADY:
    case -EINTR:
      return Attempt::Wait(POLLOUT);
    case -EISCONN:
      return Attempt::Done(is_ready ? 0 : result);
    case -EAGAIN:
      // A Unix socket whose listener has no room: no event tells of that.
      return Attempt::Thread();
    default:
      return Attempt::Done(result);
  }
}

// --- Files

// As much as there is in memory already, or as there is room for.
int MoveNow(const io_uring_sqe& entry, __u64 offset) {
  const iovec part = {Pointer<void>(entry.addr), entry.len};
  const auto at = static_cast<off_t>(offset);
  const int flags = static_cast<int>(entry.rw_flags) | RWF_NOWAIT;
  return ResultOf(entry.opcode == IORING_OP_WRITE
                      ? pwritev2(entry.fd, &part, 1, at, flags)
                      : preadv2(entry.fd, &part, 1, at, flags));
}

// For files that do not know RWF_NOWAIT. In non-blocking mode, nothing needs to
// be known; otherwise what may block needs a thread, which is not to wait for
// long where poll() can tell.
Attempt TryWithoutFlag(const io_uring_sqe& entry) {
  const unsigned events = entry.opcode == IORING_OP_WRITE ? POLLOUT : POLLIN;
  if (IsNonBlocking(entry.fd)) {
    int result = 0;
    do {
      result = CallAndWait(entry);
    } while (result == -EINTR);
    return WouldBlock(result) ? Attempt::Wait(events) : Attempt::Done(result);
  }
  const int ready = Ready(entry.fd, events);
  if (ready < 0) return Attempt::Done(ready);
  return ready == 0 ? Attempt::Wait(events) : Attempt::Thread();
}

// A read of a file with positions that finds only its beginning in memory goes
// on with the rest, for the end of the file is told by a read of nothing.
Attempt TryReadOrWrite(io_uring_sqe& entry) {
  const bool writes = entry.opcode == IORING_OP_WRITE;
  if (entry.ioprio != 0) return Attempt::Done(-EOPNOTSUPP);
  for (;;) {
    int result = MoveNow(entry, entry.off);
    if (result == -ESPIPE && entry.off != kAtPosition) {
      entry.off = kAtPosition;
      continue;
    }
    if (result == -EINTR) continue;
    if (result == -EOPNOTSUPP) return TryWithoutFlag(entry);
    // Of a regular file nothing tells when; then watching it says so.
    if (WouldBlock(result)) return Attempt::Wait(writes ? POLLOUT : POLLIN);
    const bool goes_on = !writes && entry.off != kAtPosition && result > 0 &&
                         static_cast<unsigned>(result) < entry.len;
    if (!goes_on) return Attempt::Done(ResultWithMoved(entry, result));
    Advance(entry, result);
  }
}

int ReadOrWriteAndWait(const io_uring_sqe& entry) {
  auto* data = Pointer<void>(entry.addr);
  const auto offset = static_cast<off_t>(entry.off);
  const bool has_offset = entry.off != kAtPosition;
  if (entry.opcode == IORING_OP_WRITE) {
    return ResultOf(has_offset ? pwrite(entry.fd, data, entry.len, offset)
                               : write(entry.fd, data, entry.len));
  }
  return ResultOf(has_offset ? pread(entry.fd, data, entry.len, offset)
                             : read(entry.fd, data, entry.len));
}

int Sync(const io_uring_sqe& entry) {
  const bool only_data = (entry.fsync_flags & IORING_FSYNC_DATASYNC) != 0;
  return ResultOf(only_data ? fdatasync(entry.fd) : fsync(entry.fd));
}

// Watching the descriptor tells at once if it is ready.
Attempt TryPoll(const io_uring_sqe& entry, unsigned ready) {
  if (entry.len != 0) return Attempt::Done(-EOPNOTSUPP);
  const unsigned events = entry.poll32_events;
  const unsigned told = ready & (events | POLLERR | POLLHUP);
  return told == 0 ? Attempt::Wait(events)
                   : Attempt::Done(static_cast<int>(told));
}

// Which only a ring can do.
bool NeedsRing(const io_uring_sqe& entry) {
  constexpr unsigned kFlags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  return (entry.flags & kFlags) != 0;
}

}  // namespace

int ResultWithMoved(const io_uring_sqe& entry, int result) {
  const auto moved = static_cast<int>(entry.user_data);
  if (result < 0) return moved > 0 ? moved : result;
  return moved + result;
}

Attempt TryNow(io_uring_sqe& entry, unsigned ready) {
  const bool is_ready = ready != 0;
  if (NeedsRing(entry)) return Attempt::Done(-EOPNOTSUPP);
  switch (entry.opcode) {
    case IORING_OP_NOP:
      return Attempt::Done(0);
    case IORING_OP_RECV:
    case IORING_OP_SEND:
      return TryTransfer(entry, is_ready);
    case IORING_OP_RECVMSG:
    case IORING_OP_SENDMSG:
      return TryMessage(entry);
    case IORING_OP_ACCEPT:
      return TryAccept(entry);
    case IORING_OP_CONNECT:
      return TryConnect(entry, is_ready);
    case IORING_OP_SHUTDOWN:
      return Attempt::Done(
          ResultOf(shutdown(entry.fd, static_cast<int>(entry.len))));
    case IORING_OP_POLL_ADD:
      return TryPoll(entry, ready);
    case IORING_OP_READ:
    case IORING_OP_WRITE:
      return TryReadOrWrite(entry);
    case IORING_OP_CLOSE:
      if (entry.file_index != 0) return Attempt::Done(-EOPNOTSUPP);
      return Attempt::Done(ResultOf(close(entry.fd)));
    case IORING_OP_OPENAT:
      if (entry.file_index != 0) return Attempt::Done(-EOPNOTSUPP);
      return Attempt::Thread();
    case IORING_OP_STATX:
    case IORING_OP_FSYNC:
    case IORING_OP_MKDIRAT:
    case IORING_OP_RENAMEAT:
    case IORING_OP_UNLINKAT:
      return Attempt::Thread();
    default:
      return Attempt::Done(-EOPNOTSUPP);
  }
}

int CallAndWait(const io_uring_sqe& entry) {
  const auto* path = Pointer<const char>(entry.addr);
  switch (entry.opcode) {
    case IORING_OP_READ:
    case IORING_OP_WRITE:
      return ResultWithMoved(entry, ReadOrWriteAndWait(entry));
    case IORING_OP_POLL_ADD:  // Of a file that epoll does not take.
      return Ready(entry.fd, entry.poll32_events);
    case IORING_OP_ACCEPT:
      return Accept(entry);
    case IORING_OP_CONNECT:
      return Connect(entry);
    case IORING_OP_OPENAT:
      return ResultOf(openat(entry.fd, path, static_cast<int>(entry.open_flags),
                             static_cast<mode_t>(entry.len)));
    case IORING_OP_STATX:
      return ResultOf(statx(entry.fd, path, static_cast<int>(entry.statx_flags),
                            entry.len, Pointer<struct statx>(entry.off)));
    case IORING_OP_FSYNC:
      return Sync(entry);
    case IORING_OP_MKDIRAT:
      return ResultOf(mkdirat(entry.fd, path, static_cast<mode_t>(entry.len)));
    case IORING_OP_RENAMEAT:
      return ResultOf(renameat2(entry.fd, path, static_cast<int>(entry.len),
                                Pointer<const char>(entry.addr2),
                                entry.rename_flags));
    case IORING_OP_UNLINKAT:
      return ResultOf(
          unlinkat(entry.fd, path, static_cast<int>(entry.unlink_flags)));
    default:
      return -EOPNOTSUPP;
  }
}

}  // namespace creche::internal
