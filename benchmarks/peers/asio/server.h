// SPDX-License-Identifier: Apache-2.0
#ifndef CRECHE_BENCHMARKS_PEERS_ASIO_SERVER_H_
#define CRECHE_BENCHMARKS_PEERS_ASIO_SERVER_H_

// Sends back what it receives, or closes every connection that it accepts.
// Prints "listening<TAB>port".
int Serve(bool echo);

#endif  // CRECHE_BENCHMARKS_PEERS_ASIO_SERVER_H_
