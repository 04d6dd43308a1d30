// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/receive_into_blocks.h"

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

namespace creche::internal {
namespace {

int ReceiveNow(int fd, char* block, size_t size) {
  ssize_t result = 0;
  do {
    result = recv(fd, block, size, MSG_DONTWAIT);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : static_cast<int>(result);
}

}  // namespace

bool ReceivesIntoBlocks(const io_uring_sqe& entry) {
  return entry.opcode == IORING_OP_RECV &&
         entry.ioprio == IORING_RECV_MULTISHOT &&
         entry.flags == IOSQE_BUFFER_SELECT &&
         entry.buf_group == BlockRing::kGroup && entry.msg_flags == 0;
}

Attempt TryReceiveIntoBlock(const io_uring_sqe& entry, BlockRing& blocks) {
  const int taken = blocks.Take();
  if (taken < 0) return Attempt::Done(-ENOBUFS);
  const auto id = static_cast<unsigned>(taken);
  const int result = ReceiveNow(entry.fd, blocks.at(id), blocks.block_size());
  if (result <= 0) {
    blocks.PutBack(id);
    return result == -EAGAIN ? Attempt::Wait(POLLIN) : Attempt::Done(result);
  }
  const unsigned flags = id << IORING_CQE_BUFFER_SHIFT | IORING_CQE_F_BUFFER;
  return Attempt::More(result, flags | IORING_CQE_F_MORE, POLLIN);
}

}  // namespace creche::internal
