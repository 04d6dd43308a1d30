// SPDX-License-Identifier: Apache-2.0
//
// ShortTransfer: an operation that moves fewer bytes than it could.

#ifndef CRECHE_LIB_TESTING_SHORT_TRANSFER_H_
#define CRECHE_LIB_TESTING_SHORT_TRANSFER_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <vector>

struct io_uring_sqe;

namespace creche::internal {

// Holds what a shortened entry refers to, so it lives as long as the operation.
class ShortTransfer {
 public:
  enum Keep { kOneByte, kAllButOneByte };

  ShortTransfer() = default;
  ShortTransfer(const ShortTransfer&) = delete;
  ShortTransfer& operator=(const ShortTransfer&) = delete;

  // Makes `entry` ask for less. Returns false, and changes nothing, if it moves
  // fewer than two bytes, or something that is moved as a whole, such as a
  // datagram or the count of an eventfd. Called once.
  bool Shorten(io_uring_sqe& entry, Keep keep);

  // The operation has completed: what the kernel has written into its message
  // header is for the program.
  void Finish();

 private:
  static std::size_t Shorter(std::size_t size, Keep keep);
  bool ShortenParts(const iovec* parts, std::size_t count, Keep keep);

  std::vector<iovec> parts_;
  msghdr message_ = {};
  msghdr* programs_message_ = nullptr;  // Which message_ stands for.
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_SHORT_TRANSFER_H_
