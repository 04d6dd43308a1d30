// SPDX-License-Identifier: Apache-2.0
//
// RunClock: a run's clock in nanoseconds, asked rarely.

#ifndef CRECHE_LIB_CORE_RUN_CLOCK_H_
#define CRECHE_LIB_CORE_RUN_CLOCK_H_

#include <algorithm>
#include <cstdint>

#include "creche/core/clock.h"
#include "creche/core/internal/deadline.h"
#include "lib/core/cycle_counter.h"

namespace creche::internal {

// Of the system's clock, Soon() and JustNow() repeat the last reading while the
// processor's cycle counter says that it is not a few microseconds old. They
// err to the side of patience: deadlines count from Soon() and are compared
// with JustNow(), so none is ever early.
class RunClock {
 public:
  // Far less than what the kernel's timers are late. Where the counter's rate
  // is some GHz, a reading is repeated for about a microsecond.
  static constexpr Nanoseconds kWindow = 4000;

  explicit RunClock(Clock& clock)
      : clock_(clock),
        system_clock_(dynamic_cast<SystemClock*>(&clock)),
        counts_cycles_(system_clock_ != nullptr && CycleCounter::is_steady()) {}

  Clock& clock() const { return clock_; }

  // The time. Not before what Now() and Soon() have said.
  Nanoseconds Now() { return latest_ = std::max(latest_, Read()); }

  // The time, or up to kWindow later. Not before what Now() and Soon() have
  // said, so that what starts later also ends later.
  Nanoseconds Soon() {
    if (!WasReadJustNow()) return Now();
    return latest_ = std::max(latest_, reading_ + kWindow);
  }

  // The time, or up to kWindow earlier.
  Nanoseconds JustNow() { return WasReadJustNow() ? reading_ : Read(); }

 private:
  static constexpr std::uint64_t kCyclesInWindow =
      kWindow * CycleCounter::kLeastMegahertz / 1000;

  bool WasReadJustNow() const {
    return counts_cycles_ && CycleCounter::Read() - cycles_ < kCyclesInWindow;
  }

  // Reading the system's clock directly takes half the time of reading it as
  // any Clock, as an absl::Time. The counter is read first: what it says since
  // is never less than the reading's age.
  Nanoseconds Read() {
    if (system_clock_ == nullptr) return ToNanoseconds(clock_.Now());
    if (counts_cycles_) cycles_ = CycleCounter::Read();
    return reading_ = system_clock_->NowInNanoseconds();
  }

  Clock& clock_;
  SystemClock* const system_clock_;  // Null if it is another clock.
  const bool counts_cycles_;
  std::uint64_t cycles_ = 0;  // When the clock was read.
  Nanoseconds reading_ = 0;
  Nanoseconds latest_ = kLongAgo;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_RUN_CLOCK_H_
