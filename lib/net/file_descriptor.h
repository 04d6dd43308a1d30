// SPDX-License-Identifier: Apache-2.0
//
// FileDescriptor: one that closes itself.

#ifndef CRECHE_LIB_NET_FILE_DESCRIPTOR_H_
#define CRECHE_LIB_NET_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace creche::internal {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_FILE_DESCRIPTOR_H_
