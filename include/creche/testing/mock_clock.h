// SPDX-License-Identifier: Apache-2.0
//
// MockClock: time that passes when the test says so.
//
//   // Jumps to the next deadline whenever every task waits.
//   creche::MockClock clock;
//   auto nap = []() -> creche::Task<> {
//     co_await creche::SleepFor(absl::Hours(1));  // Takes no time.
//   };
//   absl::Status status = creche::Run({.clock = &clock}, nap);

#ifndef CRECHE_TESTING_MOCK_CLOCK_H_
#define CRECHE_TESTING_MOCK_CLOCK_H_

#include <chrono>

#include "absl/time/time.h"
#include "creche/core/clock.h"

namespace creche {

// While operations of the kernel are under way, "every task waits" means that
// for a millisecond of real time nothing has completed either. While another
// thread works for a task, as in Resolve() of a name, the clock does not jump:
// no time passes until the thread is done, however long that takes. (So it is
// no timeout of the test's that ends a lookup: see ConnectOptions::
// set_resolver() for one without a thread.)
class MockClock : public Clock {
 public:
  // What makes time pass.
  enum Mode {
    kAutojump,  // Jumps to the next deadline whenever every task waits.
    kManual,    // Moves only by Advance().
  };

  // Begins in 2001.
  explicit MockClock(Mode mode = kAutojump) : mode_(mode) {}

  absl::Time Now() override { return now_; }
  absl::Duration WaitFor(absl::Time deadline, bool expects_io) override;
  bool Idle(absl::Time deadline) override;

  // Moves on by `duration`, which must not be negative. Deadlines are noticed
  // in the scheduler's next tick.
  void Advance(absl::Duration duration);

 private:
  const Mode mode_;
  // Far from the wall clock's time, so that nobody mistakes one for the other.
  absl::Time now_ = absl::FromUnixSeconds(1'000'000'000);
  // In real time: when the wait for I/O that is under way has been long enough.
  std::chrono::steady_clock::time_point wait_until_;
};

}  // namespace creche

#endif  // CRECHE_TESTING_MOCK_CLOCK_H_
