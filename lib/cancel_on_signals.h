// SPDX-License-Identifier: Apache-2.0
//
// CancelOnSignals: RunOptions::cancel_on_signals at work.

#ifndef CRECHE_LIB_CANCEL_ON_SIGNALS_H_
#define CRECHE_LIB_CANCEL_ON_SIGNALS_H_

#include <atomic>
#include <vector>

#include "absl/status/status.h"
#include "lib/core/outside_event.h"
#include "lib/core/scheduler.h"
#include "lib/signals/caught_signals.h"

namespace creche::internal {

// While it exists, the first of the signals cancels the run's root scope, and
// the next one ends the process as if it had never been caught. The handlers
// that were there before are put back at the end. A signal that came too late
// to cancel anything is raised again then: it is for them.
class CancelOnSignals final : public OutsideEvent, private CaughtSignals {
 public:
  explicit CancelOnSignals(Scheduler& scheduler)
      : OutsideEvent(scheduler), scheduler_(scheduler) {}
  ~CancelOnSignals();

  // Errors: kInvalidArgument: not a signal that can be caught.
  //   kFailedPrecondition: another run or scope has it.
  absl::Status Catch(const std::vector<int>& signals) {
    return CaughtSignals::Catch(signals, "RunOptions::cancel_on_signals");
  }

  void Happen() override;

 private:
  void OnSignal(int signal) override;

  Scheduler& scheduler_;
  std::atomic<int> first_ = 0;  // The first signal that came.
  bool has_cancelled_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CANCEL_ON_SIGNALS_H_
