// SPDX-License-Identifier: Apache-2.0
//
// A limit: servers on io_uring in plain C, with everything that helped: one
// enter a batch, completions at the wait only (DEFER_TASKRUN), a registered
// ring, registered sockets, no attempt to receive what cannot be there yet.
#define _GNU_SOURCE
#include "server.h"

#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kEntries = 4096, kMaxConnections = 4096, kBufferSize = 1 << 16 };

enum state { kReceiving, kSending, kClosing };

struct connection {
  int file;  // The index of the registered socket.
  enum state state;
  char buffer[kBufferSize];
};

struct io_uring ring;
static enum service service;

void Die(const char* what, int error) {
  fprintf(stderr, "uring: %s: %s\n", what, strerror(error));
  exit(1);
}

void OpenRing(struct io_uring* opened, unsigned entries) {
  struct io_uring_params params = {0};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_SUBMIT_ALL;
  int result = io_uring_queue_init_params(entries, opened, &params);
  if (result < 0) Die("io_uring_queue_init_params", -result);
  io_uring_register_ring_fd(opened);
}

struct io_uring_sqe* Entry(void) {
  struct io_uring_sqe* entry = io_uring_get_sqe(&ring);
  while (entry == NULL) {
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
  }
  return entry;
}

static void Accept(int listener) {
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_multishot_accept_direct(entry, listener, NULL, NULL, 0);
  io_uring_sqe_set_data(entry, NULL);
}

static void Receive(struct connection* connection) {
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_recv(entry, connection->file, connection->buffer, kBufferSize,
                     0);
  entry->flags |= IOSQE_FIXED_FILE;
  entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
  connection->state = kReceiving;
  io_uring_sqe_set_data(entry, connection);
}

static void Send(struct connection* connection, size_t size) {
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_send(entry, connection->file, connection->buffer, size,
                     MSG_NOSIGNAL | MSG_WAITALL);
  entry->flags |= IOSQE_FIXED_FILE;
  connection->state = kSending;
  io_uring_sqe_set_data(entry, connection);
}

static void Close(struct connection* connection) {
  struct io_uring_sqe* entry = Entry();
  io_uring_prep_close_direct(entry, (unsigned)connection->file);
  connection->state = kClosing;
  io_uring_sqe_set_data(entry, connection);
}

static void Accepted(int file) {
  if (file < 0) Die("accept", -file);
  if (service == kEchoMultishot) return AcceptedMultishot(file);
  struct connection* connection = malloc(sizeof(*connection));
  connection->file = file;
  if (service == kEcho) {
    Receive(connection);
  } else {
    Close(connection);
  }
}

static void Completed(struct connection* connection, int result) {
  if (connection->state == kClosing) {
    free(connection);
  } else if (result <= 0) {
    Close(connection);
  } else if (connection->state == kReceiving) {
    Send(connection, (size_t)result);
  } else {
    Receive(connection);
  }
}

static int Listen(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  int one = 1;
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (bind(listener, (struct sockaddr*)&address, size) != 0 ||
      listen(listener, 4096) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    perror("uring: listen");
    exit(1);
  }
  printf("listening\t%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int Serve(enum service asked_for) {
  service = asked_for;
  OpenRing(&ring, kEntries);
  if (service == kEchoMultishot) StartMultishot();
  int result = io_uring_register_files_sparse(&ring, kMaxConnections);
  if (result < 0) Die("io_uring_register_files_sparse", -result);
  int listener = Listen();
  Accept(listener);
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    struct io_uring_cqe* completion;
    unsigned head;
    unsigned count = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      ++count;
      struct connection* connection = io_uring_cqe_get_data(completion);
      if (connection != NULL && service == kEchoMultishot) {
        CompletedMultishot(completion);
      } else if (connection != NULL) {
        Completed(connection, completion->res);
      } else {
        Accepted(completion->res);
        if ((completion->flags & IORING_CQE_F_MORE) == 0) Accept(listener);
      }
    }
    io_uring_cq_advance(&ring, count);
  }
}
