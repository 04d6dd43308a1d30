// SPDX-License-Identifier: Apache-2.0
#ifndef CRECHE_BENCHMARKS_PEERS_URING_SERVER_H_
#define CRECHE_BENCHMARKS_PEERS_URING_SERVER_H_

#include <liburing.h>

// A ring with the flags that serve best.
void OpenRing(struct io_uring* opened, unsigned entries);

enum service {
  kEcho,           // Sends back what it receives: a request to receive each.
  kEchoMultishot,  // The same; one request to receive all: multishot.c.
  kClose,          // Closes every connection that it accepts.
};

// Prints "listening<TAB>port". Never returns.
int Serve(enum service asked_for);

// Between the files of the server.
extern struct io_uring ring;
void Die(const char* what, int error);
struct io_uring_sqe* Entry(void);
void StartMultishot(void);
void AcceptedMultishot(int file);
void CompletedMultishot(const struct io_uring_cqe* completion);

#endif  // CRECHE_BENCHMARKS_PEERS_URING_SERVER_H_
