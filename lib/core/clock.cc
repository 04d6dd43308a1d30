// SPDX-License-Identifier: Apache-2.0

#include "creche/core/clock.h"

#include <time.h>

#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche {
namespace {

// clock_gettime(2): CLOCK_MONOTONIC is slewed like the wall clock but never
// stepped.
std::int64_t MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

SystemClock::SystemClock()
    : origin_(absl::GetCurrentTimeNanos() - MonotonicNow()) {}

absl::Time SystemClock::Now() {
  return absl::FromUnixNanos(NowInNanoseconds());
}

std::int64_t SystemClock::NowInNanoseconds() const {
  return origin_ + MonotonicNow();
}

absl::Duration SystemClock::WaitFor(absl::Time deadline, bool /*expects_io*/) {
  return deadline == absl::InfiniteFuture() ? absl::InfiniteDuration()
                                            : deadline - Now();
}

absl::Time Now() {
  if (internal::running.scheduler == nullptr) {
    internal::Misuse("Now() was called outside of a run");
  }
  return internal::FromNanoseconds(internal::ClockNow());
}

}  // namespace creche
