// SPDX-License-Identifier: Apache-2.0
//
// DumpOnSignals: RunOptions::dump_on_signals at work.

#ifndef CRECHE_LIB_DUMP_ON_SIGNALS_H_
#define CRECHE_LIB_DUMP_ON_SIGNALS_H_

#include <atomic>
#include <vector>

#include "absl/status/status.h"
#include "lib/core/outside_event.h"
#include "lib/core/scheduler.h"
#include "lib/signals/caught_signals.h"

namespace creche::internal {

// While it exists, each of the signals has the run's task tree printed to
// standard error, between steps of tasks. (The run's thread does that, so it
// shows nothing of a task that never waits.)
class DumpOnSignals final : public OutsideEvent, private CaughtSignals {
 public:
  explicit DumpOnSignals(Scheduler& scheduler);
  ~DumpOnSignals();

  // Errors: kInvalidArgument: not a signal that can be caught.
  //   kFailedPrecondition: another run or scope has it.
  absl::Status Catch(const std::vector<int>& signals) {
    return CaughtSignals::Catch(signals, "RunOptions::dump_on_signals");
  }

  void Happen() override;

 private:
  void OnSignal(int signal) override;

  Scheduler& scheduler_;
  std::atomic<bool> is_posted_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_DUMP_ON_SIGNALS_H_
