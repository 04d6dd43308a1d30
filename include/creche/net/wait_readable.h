// SPDX-License-Identifier: Apache-2.0
//
// WaitReadable, WaitWritable, NotifyClosing: for descriptors of other
// libraries, which read and write them by themselves.
//
//   // A library that says when its socket is worth a call.
//   while (library.WantsToRead()) {
//     co_await creche::Try(creche::WaitReadable(library.fd()));
//     library.Process();
//   }
//
// For sockets, pipes and files of the program itself there are classes in net/
// and io/, which are faster: with them, waiting and receiving is one operation.

#ifndef CRECHE_NET_WAIT_READABLE_H_
#define CRECHE_NET_WAIT_READABLE_H_

#include "absl/status/status.h"
#include "creche/net/internal/wait_descriptor_operation.h"

namespace creche {

// Waits until reading from `fd`, or writing to it, would not block: there is
// something, or an end, or an error to be told. (Others may take what there is
// first, so `fd` should be in non-blocking mode all the same.) `fd` remains the
// caller's. Anything that poll(2) takes: sockets, pipes, terminals, timerfd,
// eventfd, inotify, pidfd, an epoll descriptor; a file on a disk is always
// ready.
//
// In each direction, one task at a time waits for a descriptor.
//
// Cancellation: safe. Nothing was read or written.
// Errors: IsBusyResource: another task waits for `fd` in this direction; it is
//   not disturbed. IsClosedResource: NotifyClosing(). Others as errno says:
//   EBADF (kFailedPrecondition) if there is no such descriptor.
inline internal::WaitDescriptorOperation WaitReadable(int fd) {
  return internal::WaitDescriptorOperation(
      fd, internal::WaitDescriptorOperation::kReadable);
}
inline internal::WaitDescriptorOperation WaitWritable(int fd) {
  return internal::WaitDescriptorOperation(
      fd, internal::WaitDescriptorOperation::kWritable);
}

// To be called before `fd` is closed, on the thread of the run whose tasks may
// wait for it: they get an error (IsClosedResource). Without this, they would
// go on to wait for the file that the number stood for, which the kernel keeps,
// and the next file of the same number would count as busy. Does nothing if
// nobody waits.
void NotifyClosing(int fd);

}  // namespace creche

#endif  // CRECHE_NET_WAIT_READABLE_H_
