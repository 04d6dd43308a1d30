// SPDX-License-Identifier: Apache-2.0
//
// The other limit: an echo server for which the kernel receives on its own, by
// one request for each connection, into blocks that it chooses. Better than one
// request a message where there are many connections with short messages, and
// bad where messages are longer than blocks.
#define _GNU_SOURCE
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "server.h"

enum { kBlocks = 1024, kBlockSize = 1 << 13, kGroup = 0, kNone = -1 };

struct connection {
  int file;         // The index of the registered socket.
  int sending;      // The block that is being sent, or kNone.
  int first, last;  // The blocks that are to be sent after that.
  bool receives;
  bool ends;
};

// Whether a completion is of the receive or of another operation: the lowest
// bit of its user_data.
enum { kOfReceive = 1 };

static struct io_uring_buf_ring* provided;
static char* blocks;
static int next_block[kBlocks];
static unsigned block_sizes[kBlocks];

static void Provide(int block) {
  io_uring_buf_ring_add(provided, blocks + (size_t)block * kBlockSize,
                        kBlockSize, (unsigned short)block, kBlocks - 1, 0);
  io_uring_buf_ring_advance(provided, 1);
}

static void ProvideAll(void) {
  size_t size = kBlocks * sizeof(struct io_uring_buf);
  provided = aligned_alloc(4096, size);
  blocks = aligned_alloc(4096, (size_t)kBlocks * kBlockSize);
  io_uring_buf_ring_init(provided);
  struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)provided,
                                          .ring_entries = kBlocks,
                                          .bgid = kGroup};
  int result = io_uring_register_buf_ring(&ring, &registration, 0);
  if (result < 0) Die("io_uring_register_buf_ring", -result);
  for (int block = 0; block < kBlocks; ++block) Provide(block);
}

static void Receive(struct connection* connection) {
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_recv_multishot(entry, connection->file, NULL, 0, 0);
  entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  entry->buf_group = kGroup;
  entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
  connection->receives = true;
  io_uring_sqe_set_data64(entry, (uintptr_t)connection | kOfReceive);
}

static void SendNext(struct connection* connection) {
  int block = connection->sending = connection->first;
  if (block == kNone) return;
  connection->first = next_block[block];
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_send(entry, connection->file,
                     blocks + (size_t)block * kBlockSize, block_sizes[block],
                     MSG_NOSIGNAL | MSG_WAITALL);
  entry->flags |= IOSQE_FIXED_FILE;
  io_uring_sqe_set_data(entry, connection);
}

static void SendLater(struct connection* connection, int block, unsigned size) {
  block_sizes[block] = size;
  next_block[block] = kNone;
  if (connection->first == kNone) {
    connection->first = block;
  } else {
    next_block[connection->last] = block;
  }
  connection->last = block;
}

void StartMultishot(void) { ProvideAll(); }

void AcceptedMultishot(int file) {
  struct connection* connection = malloc(sizeof(*connection));
  *connection = (struct connection){
      .file = file, .sending = kNone, .first = kNone, .last = kNone};
  Receive(connection);
}

// Frees the connection when nothing of it is under way.
static void EndIfIdle(struct connection* connection) {
  if (connection->receives || connection->sending != kNone) return;
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_close_direct(entry, (unsigned)connection->file);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(entry, kOfReceive);
  free(connection);
}

static void Received(struct connection* connection,
                     const struct io_uring_cqe* completion) {
  if (connection == NULL) return;  // A close that has failed.
  connection->receives = (completion->flags & IORING_CQE_F_MORE) != 0;
  if (completion->res > 0) {
    SendLater(connection, (int)(completion->flags >> IORING_CQE_BUFFER_SHIFT),
              (unsigned)completion->res);
    if (connection->sending == kNone) SendNext(connection);
  } else if (completion->res != -ENOBUFS) {
    connection->ends = true;
  }
  if (connection->ends) return EndIfIdle(connection);
  if (!connection->receives) Receive(connection);
}

void CompletedMultishot(const struct io_uring_cqe* completion) {
  uint64_t data = completion->user_data;
  struct connection* connection =
      (struct connection*)(uintptr_t)(data & ~(uint64_t)kOfReceive);
  if ((data & kOfReceive) != 0) return Received(connection, completion);
  Provide(connection->sending);
  SendNext(connection);
  if (connection->ends) EndIfIdle(connection);
}
