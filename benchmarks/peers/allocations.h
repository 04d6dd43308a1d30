// SPDX-License-Identifier: Apache-2.0
//
// What a program has from malloc(), which allocations.c replaces.

#ifndef CRECHE_BENCHMARKS_PEERS_ALLOCATIONS_H_
#define CRECHE_BENCHMARKS_PEERS_ALLOCATIONS_H_

#ifdef __cplusplus
extern "C" {
#endif

// Since the start: how often memory was asked for.
long Allocations(void);

// Of the memory in use, the usable bytes.
long BytesInUse(void);

#ifdef __cplusplus
}
#endif

#endif  // CRECHE_BENCHMARKS_PEERS_ALLOCATIONS_H_
