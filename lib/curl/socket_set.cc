// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/socket_set.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/uring/file_descriptor.h"
#include "lib/uring/system_error.h"

namespace creche::internal {

absl::Status SocketSet::Open() {
  set_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  if (set_.is_open()) return absl::OkStatus();
  return SystemError(errno, "HttpClient: epoll_create1()");
}

// One that was closed elsewhere is forgotten: this is another one.
void SocketSet::OnOpened(int socket) { sockets_[socket] = Socket(); }

// It may still be in the set. Whatever else holds the file (a child before its
// exec, say) would keep it in there.
int SocketSet::Close(int socket) {
  epoll_ctl(set_.get(), EPOLL_CTL_DEL, socket, nullptr);
  sockets_.erase(socket);
  return close(socket);
}

absl::Status SocketSet::Watch(int fd, unsigned events) {
  const auto found = sockets_.find(fd);
  Socket* const socket = found != sockets_.end() ? &found->second : nullptr;
  if (socket != nullptr) {
    socket->is_watched = true;
    if (socket->events_in_set == events) return absl::OkStatus();
  }
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  const bool is_in_set = socket != nullptr && socket->events_in_set != 0;
  const int first = is_in_set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  const int second = is_in_set ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(set_.get(), first, fd, &event) != 0 &&
      epoll_ctl(set_.get(), second, fd, &event) != 0) {
    return SystemError(errno, "HttpClient: epoll_ctl()");
  }
  if (socket != nullptr) socket->events_in_set = events;
  return absl::OkStatus();
}

void SocketSet::Unwatch(int fd) {
  const auto found = sockets_.find(fd);
  if (found != sockets_.end()) {
    found->second.is_watched = false;
  } else {
    epoll_ctl(set_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
}

std::size_t SocketSet::Take(absl::Span<epoll_event> events) {
  const int count =
      epoll_wait(set_.get(), events.data(), static_cast<int>(events.size()),
                 /*timeout=*/0);
  if (count < 0) return 0;
  auto* const end = std::remove_if(events.begin(), events.begin() + count,
                                   [this](const epoll_event& event) {
                                     return DropUnlessWatched(event.data.fd);
                                   });
  return static_cast<std::size_t>(end - events.begin());
}

bool SocketSet::DropUnlessWatched(int fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end() || found->second.is_watched) return false;
  found->second.events_in_set = 0;
  epoll_ctl(set_.get(), EPOLL_CTL_DEL, fd, nullptr);
  return true;
}

}  // namespace creche::internal
