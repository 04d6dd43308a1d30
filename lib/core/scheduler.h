// SPDX-License-Identifier: Apache-2.0
//
// Scheduler: runs the tasks of one run, in batches, on one thread.

#ifndef CRECHE_LIB_CORE_SCHEDULER_H_
#define CRECHE_LIB_CORE_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/internal/cancel_node.h"
#include "creche/internal/continuation.h"
#include "creche/internal/intrusive_list.h"
#include "creche/internal/task_record.h"
#include "lib/core/deadline_queue.h"
#include "lib/core/outside_event.h"
#include "lib/core/run_queue.h"

namespace creche::internal {

// A tick is: hear from the port, expire deadlines, run the batch of tasks that
// are runnable now. What becomes runnable meanwhile waits for the next tick, so
// no task that is always runnable can keep I/O or a deadline from being seen.
class Scheduler {
 public:
  Scheduler(Clock& clock, EventPort& port,
            std::optional<std::uint64_t> schedule_seed);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs `main`, whose scope is root(), and all that it starts. Returns when
  // main has said that it ended.
  void Run(TaskRecord& main);
  void MainEnded() { main_ended_ = true; }

  void MakeRunnable(TaskRecord& task) { runnable_.PushBack(task); }

  CancelNode& root() { return root_; }
  DeadlineQueue& deadlines() { return deadlines_; }
  Clock& clock() { return clock_; }
  EventPort& port() { return port_; }

  // What other threads and signal handlers have for this run.
  OutsideInbox& inbox() { return inbox_; }

  // While there are any, somebody outside the run could wake it.
  void AddOutsideWaker() { ++outside_wakers_; }
  void RemoveOutsideWaker() { --outside_wakers_; }

 private:
  void Tick();
  void WaitUntilRunnable();
  void HearFromOutside();
  void ExpireDeadlines();
  void RunBatch();
  void RunStep(TaskRecord& task);
  void RunTrampoline(Frame unwinding);
  [[noreturn]] void ReportDeadlock();

  Clock& clock_;
  EventPort& port_;
  DeadlineQueue deadlines_;
  RunQueue runnable_;
  IntrusiveList<TaskRecord, NurseryTasks> main_;
  CancelNode root_;
  std::optional<std::mt19937_64> shuffle_;
  OutsideInbox inbox_;
  size_t outside_wakers_ = 0;
  bool main_ended_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_SCHEDULER_H_
