// SPDX-License-Identifier: Apache-2.0
//
// OpenFiles: how many file descriptors this process has. Pipe, SocketPair:
// pairs of descriptors that close themselves.

#ifndef CRECHE_TESTS_SUPPORT_OPEN_FILES_H_
#define CRECHE_TESTS_SUPPORT_OPEN_FILES_H_

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>

namespace creche {

// Then UBSan is there, too, which looks at an object's type by way of a pipe,
// and takes the object for a broken one where no descriptor is to be had;
// memory that was freed is kept, and frames come from the heap.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kHasAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kHasAddressSanitizer = true;
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif

inline std::size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

class DescriptorPair {
 public:
  DescriptorPair(const DescriptorPair&) = delete;
  DescriptorPair& operator=(const DescriptorPair&) = delete;
  ~DescriptorPair() {
    CloseFirst();
    CloseSecond();
  }

  int first() const { return fds_[0]; }
  int second() const { return fds_[1]; }
  void CloseFirst() { Close(fds_[0]); }
  void CloseSecond() { Close(fds_[1]); }

 protected:
  DescriptorPair() = default;
  int fds_[2] = {-1, -1};

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

class Pipe : public DescriptorPair {
 public:
  Pipe() {
    if (pipe2(fds_, O_CLOEXEC) != 0) abort();
  }
  int read_end() const { return first(); }
  int write_end() const { return second(); }
};

class SocketPair : public DescriptorPair {
 public:
  SocketPair() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_) != 0) abort();
  }
};

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_OPEN_FILES_H_
