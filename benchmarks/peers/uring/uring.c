// SPDX-License-Identifier: Apache-2.0
//
// The limit of what io_uring allows, in plain C.
//
//   uring --list | WORK           see peers/work.h
//   uring echo | storm            a server
//   uring multishot echo          another
//   uring copy FROM TO            copies a file, 256 KiB at a time
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../work.h"
#include "server.h"

enum { kBatch = 64, kChunk = 256 << 10, kWakes = 1000 };

static void SubmitAndTake(unsigned count) {
  io_uring_submit_and_wait(&ring, count);
  io_uring_cq_advance(&ring, io_uring_cq_ready(&ring));
}

static void Nops(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    io_uring_prep_nop(io_uring_get_sqe(&ring));
  }
  SubmitAndTake(count);
}

static void OneNop(void) { Nops(1); }
static void BatchOfNops(void) { Nops(kBatch); }

static double NopAlone(void) {
  OpenRing(&ring, kBatch);
  return NanosecondsEach(1, OneNop);
}

static double NopsInBatches(void) {
  OpenRing(&ring, kBatch);
  return NanosecondsEach(kBatch, BatchOfNops);
}

// Two threads wake each other by messages from ring to ring.
static int ring_fds[2];
static pthread_barrier_t both_are_open;

static void SendMessage(struct io_uring* from, int to_fd) {
  struct io_uring_sqe* entry = io_uring_get_sqe(from);
  io_uring_prep_msg_ring(entry, to_fd, 0, 0, 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void* AnswerWakes(void* unused) {
  struct io_uring own;
  OpenRing(&own, kBatch);
  ring_fds[1] = own.ring_fd;
  pthread_barrier_wait(&both_are_open);
  for (;;) {
    io_uring_submit_and_wait(&own, 1);
    for (unsigned i = io_uring_cq_ready(&own); i > 0; --i) {
      SendMessage(&own, ring_fds[0]);
      io_uring_cq_advance(&own, 1);
    }
  }
  return unused;
}

static void WakeAndWait(void) {
  for (int i = 0; i < kWakes; ++i) {
    SendMessage(&ring, ring_fds[1]);
    SubmitAndTake(1);
  }
}

static double WakeThread(void) {
  OpenRing(&ring, kBatch);
  ring_fds[0] = ring.ring_fd;
  pthread_barrier_init(&both_are_open, NULL, 2);
  pthread_t thread;
  pthread_create(&thread, NULL, AnswerWakes, NULL);
  pthread_barrier_wait(&both_are_open);
  return NanosecondsEach(2 * kWakes, WakeAndWait);
}

static int Await(void) {
  io_uring_submit_and_wait(&ring, 1);
  struct io_uring_cqe* completion;
  io_uring_peek_cqe(&ring, &completion);
  int result = completion->res;
  io_uring_cqe_seen(&ring, completion);
  return result;
}

static int Copy(const char* from, const char* to) {
  OpenRing(&ring, kBatch);
  int source = open(from, O_RDONLY);
  int target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  char* chunk = malloc(kChunk);
  off_t offset = 0;
  for (;;) {
    io_uring_prep_read(io_uring_get_sqe(&ring), source, chunk, kChunk,
                       (unsigned long long)offset);
    int size = Await();
    if (size <= 0) return size == 0 ? 0 : 1;
    for (int done = 0; done < size;) {
      io_uring_prep_write(io_uring_get_sqe(&ring), target, chunk + done,
                          (unsigned)(size - done),
                          (unsigned long long)(offset + done));
      int written = Await();
      if (written <= 0) return 1;
      done += written;
    }
    offset += size;
  }
}

static const struct work kWorks[] = {
    {"ring/nop_1", "ns", NopAlone},
    {"ring/nop_64", "ns", NopsInBatches},
    {"wake/thread", "ns", WakeThread},
    {NULL, NULL, NULL},
};

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "echo") == 0) return Serve(kEcho);
  if (argc == 2 && strcmp(argv[1], "storm") == 0) return Serve(kClose);
  if (argc == 3 && strcmp(argv[1], "multishot") == 0) {
    return strcmp(argv[2], "echo") == 0 ? Serve(kEchoMultishot) : 0;
  }
  if (argc == 4 && strcmp(argv[1], "copy") == 0) return Copy(argv[2], argv[3]);
  return RunWork(argc, argv, kWorks);
}
