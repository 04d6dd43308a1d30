// SPDX-License-Identifier: Apache-2.0
//
// StallWatchdog: says which task has kept the loop of a run for too long.
//
//   creche::StallWatchdog watchdog(absl::Milliseconds(100));
//   absl::Status status = creche::Run({.instruments = {&watchdog}}, Main);
//
//   > creche: task 'client' has kept the loop for 100ms, going on from
//   > server.cc:12 < server.cc:33
//   > creche: task 'client' kept the loop for 1.2s, going on from
//   > server.cc:12 < server.cc:33, to server.cc:19 < server.cc:33

#ifndef CRECHE_DEBUG_STALL_WATCHDOG_H_
#define CRECHE_DEBUG_STALL_WATCHDOG_H_

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/instrument.h"

namespace creche {

// A step of a task that took longer than it may: the run's other tasks had to
// wait meanwhile.
struct Stall {
  // The name of the task; empty if it has none.
  std::string task;
  // How long the step has lasted by now.
  absl::Duration lasted;
  // The co_await that the task went on from, and those of its callers; at most
  // eight. Empty: it is the first step of the task.
  std::vector<std::source_location> from = {};
  // The step is over.
  bool is_over = false;
  // If it is over: the co_await that the task waits at next, and those of its
  // callers. What took so long is what the task did between `from` and `to`.
  // Empty: the task has ended.
  std::vector<std::source_location> to = {};
  // If it is the first step: the last co_await of the coroutine that started
  // the task, before it did (or where that coroutine is, before its first
  // one), and those of its callers. Empty: no task started it: it is the main
  // task, or what a thread calls by a RunHandle.
  std::vector<std::source_location> started_at = {};

  // A sentence, as above.
  std::string ToString() const;
};

// Watches one run at a time, with a thread of its own while that lasts. The
// time is the real one, whatever the run's clock says. A step costs some 100 ns
// more.
//
// A stall is reported up to twice: while the task still blocks, so that one
// that blocks for ever is seen, and always when it is over. What the task does
// between two co_awaits is not seen by this: a debugger sees it.
class StallWatchdog : public Instrument {
 public:
  // Is called on the watchdog's thread, for one stall at a time, and not after
  // the run. Must neither throw nor wait for the run.
  using Report = std::function<void(const Stall&)>;

  // Prints to standard error. Range of `limit`: above 0, at most a day.
  explicit StallWatchdog(absl::Duration limit);
  // Calls `report` instead.
  StallWatchdog(absl::Duration limit, Report report);
  StallWatchdog(const StallWatchdog&) = delete;
  StallWatchdog& operator=(const StallWatchdog&) = delete;
  // Requires: the run it watches has ended.
  ~StallWatchdog() override;

  // Called by the run. Aborts if the watchdog is watching another.
  void BeforeRun() override;
  // Called by the run. Returns when all stalls have been reported.
  void AfterRun() override;
  // Called by the run.
  void TaskSpawned(const TaskId& task) override;
  // Called by the run.
  void StepBegins(const TaskId& task) override;
  // Called by the run.
  void StepEnds(const TaskId& task) override;
  // Called by the run.
  void TaskExited(const TaskId& task) override;

 private:
  class Watch;

  const absl::Duration limit_;
  const Report report_;
  std::unique_ptr<Watch> watch_;  // While there is a run.
};

}  // namespace creche

#endif  // CRECHE_DEBUG_STALL_WATCHDOG_H_
