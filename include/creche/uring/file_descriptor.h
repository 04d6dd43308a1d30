// SPDX-License-Identifier: Apache-2.0
//
// FileDescriptor: one that closes itself.

#ifndef CRECHE_URING_FILE_DESCRIPTOR_H_
#define CRECHE_URING_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace creche {

class FileDescriptor {
 public:
  // None; or `fd`, which it closes.
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    FileDescriptor old(std::exchange(fd_, other.Release()));
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }

  // Whether it has one; and which, or -1.
  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // The caller has to close it.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace creche

#endif  // CRECHE_URING_FILE_DESCRIPTOR_H_
