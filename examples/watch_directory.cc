// SPDX-License-Identifier: Apache-2.0
//
// Says what changes in a directory: a descriptor of the system's own kind
// (inotify), which this program reads itself when there is something to read.
//
//   bazel run //examples:watch_directory -- /tmp

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

// One event, whose name follows it in `at`.
void Print(const char* at, const inotify_event& event) {
  const char* const what = (event.mask & IN_CREATE) != 0   ? "created"
                           : (event.mask & IN_DELETE) != 0 ? "deleted"
                                                           : "written";
  std::cout << what << " " << at + sizeof(event) << std::endl;
}

// All there is, without waiting.
absl::Status PrintEvents(int fd) {
  char buffer[4096];
  const ssize_t size = read(fd, buffer, sizeof(buffer));
  if (size < 0 && errno == EAGAIN) return absl::OkStatus();
  if (size < 0) return absl::ErrnoToStatus(errno, "read events");
  for (const char* at = buffer; at < buffer + size;) {
    inotify_event event;
    std::memcpy(&event, at, sizeof(event));
    Print(at, event);
    at += sizeof(event) + event.len;
  }
  return absl::OkStatus();
}

creche::Task<absl::Status> Main(std::string path) {
  const creche::FileDescriptor events(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (inotify_add_watch(events.get(), path.c_str(),
                        IN_CREATE | IN_DELETE | IN_CLOSE_WRITE) < 0) {
    co_return absl::ErrnoToStatus(errno, "watch " + path);
  }
  const std::vector<std::string> names =
      co_await creche::Try(creche::ListDirectory(path));
  for (const std::string& name : names) {
    std::cout << "there is " << name << std::endl;
  }
  std::cout << "watching " << path << std::endl;
  for (;;) {
    co_await creche::Try(creche::WaitReadable(events.get()));
    co_await creche::Try(PrintEvents(events.get()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const std::string path = argc > 1 ? argv[1] : ".";
  const absl::Status status = creche::Run(options, Main, path);
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
