// SPDX-License-Identifier: Apache-2.0

#ifndef CRECHE_BENCHMARKS_PEERS_ASIO_TLS_H_
#define CRECHE_BENCHMARKS_PEERS_ASIO_TLS_H_

// See peers/tls.h.
double TlsEcho64();
double TlsEcho16384();
double TlsBulk();
double TlsFull();

#endif  // CRECHE_BENCHMARKS_PEERS_ASIO_TLS_H_
