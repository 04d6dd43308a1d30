// SPDX-License-Identifier: Apache-2.0
//
// RunOnCores: a run on a thread of its own on each core.
//
//   creche::Task<absl::Status> Main(creche::Core& core) {
//     co_return co_await creche::ServeTcpOnCores(core, "", 7777, Greet);
//   }
//
//   absl::Status status = creche::RunOnCores(
//       creche::CoresOptions().set_cancel_on_signals({SIGINT, SIGTERM}), Main);

#ifndef CRECHE_CORES_RUN_ON_CORES_H_
#define CRECHE_CORES_RUN_ON_CORES_H_

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/cores/core.h"
#include "creche/run.h"

namespace creche {

// For RunOnCores().
class CoresOptions {
 public:
  CoresOptions() {}  // NOLINT(modernize-use-equals-default): no aggregate.

  // How many runs; 0, the default: one for each core that the process may use.
  // There can be more than cores.
  CoresOptions& set_count(std::size_t count) {
    count_ = count;
    return *this;
  }
  // Whether each thread stays on a core of its own. Off by default. More
  // threads than cores share them in turn.
  CoresOptions& set_pin(bool pin) {
    pin_ = pin;
    return *this;
  }
  // The first of these signals cancels all cores, as it does a run
  // (RunOptions::cancel_on_signals).
  CoresOptions& set_cancel_on_signals(std::vector<int> signals) {
    signals_ = std::move(signals);
    return *this;
  }
  // Of each run. What belongs to one run only (clock, port, instruments,
  // signals) must not be set.
  CoresOptions& set_run_options(RunOptions run_options) {
    run_options_ = std::move(run_options);
    return *this;
  }

  std::size_t count() const { return count_; }
  bool pin() const { return pin_; }
  const std::vector<int>& cancel_on_signals() const { return signals_; }
  const RunOptions& run_options() const { return run_options_; }

 private:
  std::size_t count_ = 0;
  bool pin_ = false;
  std::vector<int> signals_;
  RunOptions run_options_;
};

// Calls main(core), which returns a Task<absl::Status>, on each core, in a run
// on a thread of its own; all of them call the same `main`, at the same time.
// They are one scope: the first error, or a signal, cancels the others. Returns
// when all have ended: OK, or all their errors (GroupErrors()). One that was
// merely cancelled adds none, and one that ends with OK stops nobody. Blocks
// this thread, whose signals are those that are caught.
//
// No run begins main before all can.
//
// Errors: as of Run(); kCancelled: a signal came, by its name.
//   kResourceExhausted: no thread. kInvalidArgument: the run options have what
//   cannot be shared, or a thread cannot be pinned. What a main throws is
//   rethrown when all have ended (of several, the first).
template <typename F>
absl::Status RunOnCores(CoresOptions options, F main);

}  // namespace creche

#include "creche/cores/internal/run_on_cores_inl.h"

#endif  // CRECHE_CORES_RUN_ON_CORES_H_
