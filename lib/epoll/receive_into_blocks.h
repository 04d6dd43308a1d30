// SPDX-License-Identifier: Apache-2.0
//
// Receiving all that comes, a block at a time: what IORING_RECV_MULTISHOT is on
// io_uring.

#ifndef CRECHE_LIB_EPOLL_RECEIVE_INTO_BLOCKS_H_
#define CRECHE_LIB_EPOLL_RECEIVE_INTO_BLOCKS_H_

#include <liburing.h>

#include "lib/epoll/calls.h"
#include "lib/uring/block_ring.h"

namespace creche::internal {

// Whether `entry` is such a receive, into the blocks of a run.
bool ReceivesIntoBlocks(const io_uring_sqe& entry);

// One block of what is there. The operation then waits for more, until the end
// of the stream, an error, or until there are no blocks (-ENOBUFS).
Attempt TryReceiveIntoBlock(const io_uring_sqe& entry, BlockRing& blocks);

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_RECEIVE_INTO_BLOCKS_H_
