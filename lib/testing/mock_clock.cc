// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/mock_clock.h"

#include <algorithm>

#include "absl/time/time.h"
#include "creche/internal/misuse.h"

namespace creche::testing {

absl::Duration MockClock::WaitFor(absl::Time deadline, bool expects_io) {
  if (deadline <= now_) return absl::ZeroDuration();
  if (mode_ == kManual || deadline == absl::InfiniteFuture()) {
    return absl::InfiniteDuration();
  }
  return expects_io ? absl::Milliseconds(1) : absl::ZeroDuration();
}

bool MockClock::Idle(absl::Time deadline) {
  if (mode_ == kManual || deadline == absl::InfiniteFuture()) return false;
  now_ = std::max(now_, deadline);
  return true;
}

void MockClock::Advance(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) {
    internal::Misuse("MockClock::Advance() was given a negative duration");
  }
  now_ += duration;
}

}  // namespace creche::testing
