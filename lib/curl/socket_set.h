// SPDX-License-Identifier: Apache-2.0
//
// SocketSet: an epoll set of what libcurl waits for.
//
// The sockets of its connections stay in the set while libcurl waits for
// nothing on them: it is to wait for the next answer there, and does so without
// a system call.

#ifndef CRECHE_LIB_CURL_SOCKET_SET_H_
#define CRECHE_LIB_CURL_SOCKET_SET_H_

#include <sys/epoll.h>

#include <cstddef>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/uring/file_descriptor.h"

namespace creche::internal {

class SocketSet {
 public:
  // Before anything else.
  absl::Status Open();

  // Readable if anything has come.
  int descriptor() const { return set_.get(); }

  // Of a connection: `socket` has just been opened, or is to be closed, which
  // it is in the set's place. Returns what close(2) does.
  void OnOpened(int socket);
  int Close(int socket);

  // Waits for `events` (EPOLLIN and others) of `fd` from now on, or for nothing
  // more. `fd` may be another descriptor than a connection's, too.
  absl::Status Watch(int fd, unsigned events);
  void Unwatch(int fd);

  // What has come of that. Returns how many there are at the front of `events`.
  std::size_t Take(absl::Span<epoll_event> events);

 private:
  struct Socket {
    unsigned events_in_set = 0;  // None: it is not in the set.
    bool is_watched = false;
  };

  // Takes `fd` out of the set if nobody waits for it, and returns whether.
  // (What has come there, libcurl finds when it uses the connection.)
  bool DropUnlessWatched(int fd);

  FileDescriptor set_;
  std::unordered_map<int, Socket> sockets_;  // That are open.
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_SOCKET_SET_H_
