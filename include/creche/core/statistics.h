// SPDX-License-Identifier: Apache-2.0
//
// statistics(): how busy the run of this thread is.
//
//   std::cerr << creche::statistics().tasks_living << " tasks" << std::endl;

#ifndef CRECHE_CORE_STATISTICS_H_
#define CRECHE_CORE_STATISTICS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "creche/core/backend.h"

namespace creche {

// What a run is doing just now.
struct RunStatistics {
  size_t tasks_living = 0;    // Tasks that have not ended, main included.
  size_t tasks_runnable = 0;  // Of those, the ones that wait for their turn.
  size_t deadlines = 0;       // Scopes with a deadline, and sleeping tasks.
  size_t operations = 0;      // Operations of the port (kernel) under way.
  // Negative if it has passed unnoticed; infinite if there is none.
  absl::Duration until_next_deadline = absl::InfiniteDuration();
  // What the run does its I/O by; kAuto: a port of its own that uses neither.
  Backend backend = Backend::kAuto;
};

// Aborts outside of a run.
RunStatistics statistics();

}  // namespace creche

#endif  // CRECHE_CORE_STATISTICS_H_
