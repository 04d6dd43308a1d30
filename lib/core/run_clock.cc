// SPDX-License-Identifier: Apache-2.0

#include "lib/core/run_clock.h"

#include <time.h>

#include "creche/core/clock.h"
#include "creche/internal/deadline.h"

namespace creche::internal {
namespace {

// clock_gettime(2), clock_getres(2): both answered by the vDSO, without a
// system call. The coarse clock shows the time of the kernel's last tick.
Nanoseconds Read(int (*function)(clockid_t, timespec*), clockid_t clock) {
  timespec time;
  function(clock, &time);
  return Nanoseconds{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

RunClock::RunClock(Clock& clock)
    : clock_(clock), system_clock_(dynamic_cast<const SystemClock*>(&clock)) {
  if (has_bounds()) tick_ = Read(&clock_getres, CLOCK_MONOTONIC_COARSE);
}

Nanoseconds RunClock::Now() const {
  if (system_clock_ == nullptr) return ToNanoseconds(clock_.Now());
  return system_clock_->origin() + Read(&clock_gettime, CLOCK_MONOTONIC);
}

Nanoseconds RunClock::Bound() const {
  return system_clock_->origin() +
         Read(&clock_gettime, CLOCK_MONOTONIC_COARSE) + tick_;
}

}  // namespace creche::internal
