// SPDX-License-Identifier: Apache-2.0
//
// DeadlockClock: a MockClock that makes a deadlock a failure of the test,
// instead of the end of the process.

#ifndef CRECHE_LIB_TESTING_DEADLOCK_CLOCK_H_
#define CRECHE_LIB_TESTING_DEADLOCK_CLOCK_H_

#include <chrono>
#include <string>

#include "absl/time/time.h"
#include "creche/testing/mock_clock.h"

namespace creche::internal {

// The scheduler asks its clock how long to wait when nothing is left to do. If
// that is forever, this clock cancels all that there is, shielded or not, so
// that the run ends. If it does not end even so, the process does.
class DeadlockClock : public MockClock {
 public:
  using MockClock::MockClock;

  // For a clock that serves several runs.
  void BeginRun();

  absl::Duration WaitFor(absl::Time deadline, bool expects_io) override;
  bool Idle(absl::Time deadline) override;

  bool had_deadlock() const { return had_deadlock_; }
  // Says what was wrong, with the task tree.
  const std::string& description() const { return description_; }

 private:
  void CancelAll(const char* problem);

  bool had_deadlock_ = false;
  std::string description_;
  // In real time: since when nothing has become runnable.
  std::chrono::steady_clock::time_point idle_since_;
  bool was_idle_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_DEADLOCK_CLOCK_H_
