// SPDX-License-Identifier: Apache-2.0
//
// Counts the system calls of another process, all threads that it has now.
#ifndef CRECHE_BENCHMARKS_LOAD_SYSTEM_CALLS_H_
#define CRECHE_BENCHMARKS_LOAD_SYSTEM_CALLS_H_

#include <stdbool.h>
#include <sys/types.h>

// Returns false if the kernel does not let us: that takes tracefs, and to be
// root or kernel.perf_event_paranoid at -1.
bool StartCountingCalls(pid_t pid);

long long CallsSoFar(void);

#endif  // CRECHE_BENCHMARKS_LOAD_SYSTEM_CALLS_H_
