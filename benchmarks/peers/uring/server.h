// SPDX-License-Identifier: Apache-2.0
#ifndef CRECHE_BENCHMARKS_PEERS_URING_SERVER_H_
#define CRECHE_BENCHMARKS_PEERS_URING_SERVER_H_

#include <liburing.h>
#include <stdbool.h>

// A ring with the flags that serve best.
void OpenRing(struct io_uring* opened, unsigned entries);

// Sends back what it receives, or closes every connection that it accepts.
// Prints "listening<TAB>port". Never returns.
int Serve(bool echo);

#endif  // CRECHE_BENCHMARKS_PEERS_URING_SERVER_H_
