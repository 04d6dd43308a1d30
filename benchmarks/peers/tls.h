// SPDX-License-Identifier: Apache-2.0
//
// What the works of TLS have in common: a certificate, and processor time. Both
// ends of a connection are in one process, on one thread, and count together.
//
//   tls/echo_64, tls/echo_16384   a message there and back, of so many bytes
//   tls/bulk                      16 KiB of a stream in one direction
//   tls/seal                      the same in memory, without a kernel
//   tls/full, tls/resumed         a connection: TCP, the handshake, a byte from
//                                 the server, both closed

#ifndef CRECHE_BENCHMARKS_PEERS_TLS_H_
#define CRECHE_BENCHMARKS_PEERS_TLS_H_

#include "work.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  kTlsRecord = 16384,  // As large as a record can be.
  kTlsRecords = 1024,
  kTlsTrips = 1000,
  kTlsConnections = 50,
};

// In PEM, for the name "localhost", signed by itself. Made anew for each
// process (P-256).
const char* TlsCertificate(void);
const char* TlsKey(void);

#ifdef __cplusplus
}
#endif

// As NowSeconds(), of the process: what else the machine does hardly shows.
static inline double ProcessorSeconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

#endif  // CRECHE_BENCHMARKS_PEERS_TLS_H_
