// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/short_transfer.h"

#include <liburing.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>

namespace creche::internal {
namespace {

// False if the kernel moves only whole messages or counts there.
bool MovesSingleBytes(int fd) {
  struct stat about = {};
  if (fstat(fd, &about) != 0) return false;
  if (!S_ISSOCK(about.st_mode)) {
    return S_ISREG(about.st_mode) || S_ISFIFO(about.st_mode) ||
           S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode);
  }
  int type = 0;
  socklen_t size = sizeof(type);
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
         type == SOCK_STREAM;
}

template <typename T>
T* Pointer(std::uint64_t address) {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

std::uint64_t Address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

bool ShortTransfer::Shorten(io_uring_sqe& entry, Keep keep) {
  // Of a registered file, only the kernel knows what it is.
  if ((entry.flags & IOSQE_FIXED_FILE) != 0) return false;
  if (!MovesSingleBytes(entry.fd)) return false;
  switch (entry.opcode) {
    case IORING_OP_READ:
    case IORING_OP_WRITE:
    case IORING_OP_READ_FIXED:
    case IORING_OP_WRITE_FIXED:
    case IORING_OP_RECV:
    case IORING_OP_SEND:
    case IORING_OP_SPLICE:
    case IORING_OP_TEE:
      if (entry.len < 2) return false;
      entry.len = static_cast<std::uint32_t>(Shorter(entry.len, keep));
      return true;
    case IORING_OP_READV:
    case IORING_OP_WRITEV:
      if (!ShortenParts(Pointer<iovec>(entry.addr), entry.len, keep)) {
        return false;
      }
      entry.addr = Address(parts_.data());
      entry.len = static_cast<std::uint32_t>(parts_.size());
      return true;
    case IORING_OP_RECVMSG:
    case IORING_OP_SENDMSG: {
      auto* message = Pointer<msghdr>(entry.addr);
      if (!ShortenParts(message->msg_iov, message->msg_iovlen, keep)) {
        return false;
      }
      programs_message_ = message;
      message_ = *message;
      message_.msg_iov = parts_.data();
      message_.msg_iovlen = parts_.size();
      entry.addr = Address(&message_);
      return true;
    }
    default:
      return false;
  }
}

void ShortTransfer::Finish() {
  if (programs_message_ == nullptr) return;
  programs_message_->msg_namelen = message_.msg_namelen;
  programs_message_->msg_controllen = message_.msg_controllen;
  programs_message_->msg_flags = message_.msg_flags;
}

std::size_t ShortTransfer::Shorter(std::size_t size, Keep keep) {
  return keep == kOneByte ? 1 : size - 1;
}

bool ShortTransfer::ShortenParts(const iovec* parts, std::size_t count,
                                 Keep keep) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += parts[i].iov_len;
  if (size < 2) return false;
  std::size_t left = Shorter(size, keep);
  for (std::size_t i = 0; left > 0; ++i) {
    parts_.push_back({parts[i].iov_base, std::min(left, parts[i].iov_len)});
    left -= parts_.back().iov_len;
  }
  return true;
}

}  // namespace creche::internal
