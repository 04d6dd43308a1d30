// SPDX-License-Identifier: Apache-2.0
//
// Scheduler: runs the tasks of one run, in batches, on one thread.

#ifndef CRECHE_LIB_CORE_SCHEDULER_H_
#define CRECHE_LIB_CORE_SCHEDULER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/run_queue.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "lib/core/deadline_queue.h"
#include "lib/core/hosted_port.h"
#include "lib/core/outside_event.h"
#include "lib/core/run_clock.h"

namespace creche::internal {

// What a run has of another layer, made when it is first needed.
class RunPart {
 public:
  virtual ~RunPart() = default;

  // The last task has ended. The port is open still, and this is the thread of
  // the run.
  virtual void RunEnds() = 0;
};

// A tick is: hear from the port, expire deadlines, run the batch of tasks that
// are runnable now. What becomes runnable meanwhile waits for the next tick, so
// no task that is always runnable can keep I/O or a deadline from being seen.
class Scheduler {
 public:
  Scheduler(Clock& clock, EventPort& port, std::vector<Instrument*> instruments,
            std::optional<std::uint64_t> schedule_seed);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs `main`, whose scope is root(), and all that it starts. Returns when
  // main and all root tasks have said that they ended.
  void Run(TaskRecord& main);

  // Run(), for a thread that has other things to do, too: Begin(), RunShare()
  // until there are no tasks, and End(). Between these, the thread need not be
  // in the run.
  void Begin(TaskRecord& main);
  bool has_tasks() const { return !root_tasks_.empty(); }
  void End();

  // Runs tasks for a bounded time, without waiting. Returns for how long there
  // will be nothing to do unless the descriptor of `port`, which is port(),
  // becomes readable: zero if there is more to do, or no task is left.
  absl::Duration RunShare(HostedPort& port);

  // Whether this process was forked from the one that has the run, which cannot
  // go on here. And aborts if so.
  bool is_forked() const;
  void CheckNotForked() const;

  // Whether `address` is on the native stack, in something that has been called
  // in this step of a task: it is gone when the step ends.
  static bool IsInThisStep(const volatile void* address);
  void MainEnded();

  // Starts a task, whose scope is root(), beside main. The end of main cancels
  // it. Requires: main has not ended.
  void StartRootTask(TaskRecord& task);
  void RootTaskEnded(TaskRecord& task);
  bool main_ended() const { return main_ended_; }

  // How many tasks could run now. Counts them.
  size_t runnable() const;

  CancelNode& root() { return root_; }
  DeadlineQueue& deadlines() { return deadlines_; }
  // Scopes whose deadlines are not in the queue yet: most scopes with a timeout
  // are left in the batch that they were entered in, and never need to be.
  IntrusiveList<CancelNode, FreshDeadlines>& fresh_deadlines() {
    return fresh_deadlines_;
  }
  void ArmFreshDeadlines();
  RunClock& clock() { return clock_; }
  EventPort& port() { return port_; }

  // What other threads and signal handlers have for this run.
  OutsideInbox& inbox() { return inbox_; }

  // After something was added to the inbox.
  // Thread safety: any thread, and signal handlers.
  void WakeIfAsleep() {
    if (may_sleep_.load() && may_sleep_.exchange(false)) port_.Notify();
  }

  // What the run has of threads/; null until that is needed.
  std::unique_ptr<RunPart>& threads() { return threads_; }

  // Tasks that wait for all the others to wait: woken when, after a look at
  // what has come in, none is runnable, and before any time passes.
  ParkingLot& quiescence() { return quiescence_; }

  // For the rest of the run, or until it is removed.
  void AddInstrument(Instrument& instrument);
  void RemoveInstrument(Instrument& instrument);
  const std::vector<Instrument*>& instruments() const { return instruments_; }

  // While there are any, somebody outside the run could wake it.
  void AddOutsideWaker() { ++outside_wakers_; }
  void RemoveOutsideWaker() { --outside_wakers_; }

  // While there are any, another thread works for a task of the run. That takes
  // real time, of which a simulated clock knows nothing: it must not jump.
  void AddHelper() { ++helpers_; }
  void RemoveHelper() { --helpers_; }
  bool has_helpers() const { return helpers_ > 0; }

 private:
  void PollPort();
  void WaitOnPort(absl::Duration at_most);

  void Tick(unsigned batch);
  void HearFromPort(unsigned batch);
  void WaitUntilRunnable();
  absl::Duration LookBeforeHostWaits(HostedPort& port, bool has_waited);
  absl::Duration TimeForHostToWait(bool has_waited);
  bool has_news() const {
    return !inbox_.empty() || !fresh_deadlines_.empty() || !deadlines_.empty();
  }
  bool expects_io() const { return port_.pending() > 0 || outside_wakers_ > 0; }
  void HearFromOutside();
  void ExpireDeadlines();
  void RunBatch();
  void ShuffleBatch();
  void RunStep(TaskRecord& task);
  static Frame BeginTurn(TaskRecord& task, Frame leaf);
  static void RunTrampoline();
  [[noreturn]] void ReportDeadlock();

  RunClock clock_;
  EventPort& port_;
  DeadlineQueue deadlines_;
  IntrusiveList<CancelNode, FreshDeadlines> fresh_deadlines_;
  RunQueue runnable_;
  TaskRecord* rest_of_batch_ = nullptr;  // Without the running task.
  IntrusiveList<TaskRecord, NurseryTasks> root_tasks_;  // Main is the first.
  CancelNode root_;
  std::optional<std::mt19937_64> shuffle_;
  ParkingLot quiescence_;
  OutsideInbox inbox_;
  // Set before a look at the inbox that decides about waiting: whoever adds to
  // it after that look sees the flag.
  std::atomic<bool> may_sleep_ = false;
  std::unique_ptr<RunPart> threads_;
  std::vector<Instrument*> instruments_;
  size_t outside_wakers_ = 0;
  size_t helpers_ = 0;
  bool main_ended_ = false;
  bool has_host_waited_ = false;  // RunShare() has said so.
  unsigned forks_before_ = 0;     // The process's, when the run began.
};

// The time on the clock of this thread's run, and what durations count from:
// hardly later, and cheaper.
inline Nanoseconds ClockNow() { return running.scheduler->clock().Now(); }
inline Nanoseconds ClockSoon() { return running.scheduler->clock().Soon(); }

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_SCHEDULER_H_
