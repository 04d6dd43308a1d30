// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/mock_clock.h"

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche {
namespace {

// Whether another thread works for a task of this thread's run. How long that
// takes cannot be known, so time stands still.
bool HelperIsAtWork() {
  const internal::Scheduler* const scheduler = internal::running.scheduler;
  return scheduler != nullptr && scheduler->has_helpers();
}

}  // namespace

absl::Duration MockClock::WaitFor(absl::Time deadline, bool expects_io) {
  if (deadline <= now_) return absl::ZeroDuration();
  if (mode_ == kManual || deadline == absl::InfiniteFuture() ||
      HelperIsAtWork()) {
    return absl::InfiniteDuration();
  }
  if (!expects_io) return absl::ZeroDuration();
  wait_until_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
  return absl::Milliseconds(1);
}

bool MockClock::Idle(absl::Time deadline) {
  if (mode_ == kManual || deadline == absl::InfiniteFuture() ||
      HelperIsAtWork()) {
    return false;
  }
  // Something has completed that nobody can go on from yet: a part of what a
  // task waits for.
  if (std::chrono::steady_clock::now() < wait_until_) return false;
  now_ = std::max(now_, deadline);
  return true;
}

void MockClock::Advance(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) {
    internal::Misuse("MockClock::Advance() was given a negative duration");
  }
  now_ += duration;
}

}  // namespace creche
