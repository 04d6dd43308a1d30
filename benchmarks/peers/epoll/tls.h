// SPDX-License-Identifier: Apache-2.0

#ifndef CRECHE_BENCHMARKS_PEERS_EPOLL_TLS_H_
#define CRECHE_BENCHMARKS_PEERS_EPOLL_TLS_H_

// See peers/tls.h.
double TlsEcho64(void);
double TlsEcho16384(void);
double TlsBulk(void);
double TlsSeal(void);
double TlsFull(void);
double TlsResumed(void);

#endif  // CRECHE_BENCHMARKS_PEERS_EPOLL_TLS_H_
