// SPDX-License-Identifier: Apache-2.0
//
// RunClock: a run's clock in nanoseconds, and a cheap upper bound of it.

#ifndef CRECHE_LIB_CORE_RUN_CLOCK_H_
#define CRECHE_LIB_CORE_RUN_CLOCK_H_

#include "creche/core/clock.h"
#include "creche/internal/deadline.h"

namespace creche::internal {

// Reading the time is the dearest part of entering a timeout scope. So, on the
// system's clock, a scope only notes a bound of the time of its entry, and its
// deadline is worked out when the clock is read anyway: if the scope is left in
// the same batch, never. What is worked out from a bound is never early, and
// late by a tick of the kernel at most (1 to 10 ms; and only if the batch
// itself took that long).
class RunClock {
 public:
  explicit RunClock(Clock& clock);

  Clock& clock() const { return clock_; }
  Nanoseconds Now() const;

  // A moment that is not before now, and at most a tick of the kernel after;
  // several times cheaper than Now().
  bool has_bounds() const { return system_clock_ != nullptr; }
  Nanoseconds Bound() const;

 private:
  Clock& clock_;
  const SystemClock* system_clock_;  // Null if it is another clock.
  Nanoseconds tick_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_RUN_CLOCK_H_
