// SPDX-License-Identifier: Apache-2.0

#ifndef CRECHE_BENCHMARKS_PEERS_CRECHE_TLS_H_
#define CRECHE_BENCHMARKS_PEERS_CRECHE_TLS_H_

namespace creche::benchmarks {

// See peers/tls.h.
double TlsEcho64();
double TlsEcho16384();
double TlsBulk();
double TlsSeal();
double TlsFull();
double TlsResumed();

}  // namespace creche::benchmarks

#endif  // CRECHE_BENCHMARKS_PEERS_CRECHE_TLS_H_
