// SPDX-License-Identifier: Apache-2.0
//
// Clock: where a run's time comes from, and Now().
//
//   absl::Time started = creche::Now();
//
// Tests give their runs a MockClock (testing/mock_clock.h).

#ifndef CRECHE_CORE_CLOCK_H_
#define CRECHE_CORE_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"

namespace creche {

// A clock serves one run at a time, on the thread of that run.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back.
  virtual absl::Time Now() = 0;

  // No task can run before `deadline` (absl::InfiniteFuture() if there is
  // none). Returns for how long, in real time, the run may wait for I/O and
  // other threads before it asks again. `expects_io` says whether operations
  // are under way that could end the wait earlier.
  virtual absl::Duration WaitFor(absl::Time deadline, bool expects_io) = 0;

  // That wait is over and nothing has come of it. A simulated clock may jump to
  // `deadline`, and says then that it did.
  virtual bool Idle(absl::Time /*deadline*/) { return false; }
};

// Starts at the wall clock's time and follows the monotonic clock from then on:
// steps of the wall clock never move a deadline.
class SystemClock final : public Clock {
 public:
  SystemClock();

  absl::Time Now() override;
  absl::Duration WaitFor(absl::Time deadline, bool expects_io) override;

  // The same as Now(), in nanoseconds since the Unix epoch.
  std::int64_t NowInNanoseconds() const;

 private:
  std::int64_t origin_;  // What it says when the monotonic clock says 0.
};

// The time on the clock of this thread's run. Aborts if there is no run.
absl::Time Now();

}  // namespace creche

#endif  // CRECHE_CORE_CLOCK_H_
