// SPDX-License-Identifier: Apache-2.0

#ifndef CRECHE_BENCHMARKS_PEERS_CRECHE_SERVER_H_
#define CRECHE_BENCHMARKS_PEERS_CRECHE_SERVER_H_

namespace creche::benchmarks {

// Sends back what it receives, or closes every connection that it accepts.
// Prints "listening<TAB>port".
int Serve(bool echo);

}  // namespace creche::benchmarks

#endif  // CRECHE_BENCHMARKS_PEERS_CRECHE_SERVER_H_
