// SPDX-License-Identifier: Apache-2.0

#include "lib/core/scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "creche/core/sleep.h"
#include "lib/core/native_stack.h"
#include "lib/core/print_task_tree.h"
#include "lib/core/unwinder.h"

namespace creche::internal {
namespace {

// How much native stack nested calls of coroutines may use before they go
// through the trampoline instead; then all that are nested are visited twice
// more. So deep enough to be rare (a thousand calls, optimised), and little
// enough for threads with small stacks (musl's have 128 KiB).
constexpr size_t kNestingBytes = size_t{64} << 10;

// How many operations in a row a task may complete without waiting before
// others get their turn.
constexpr int kOperationsPerStep = 64;

// How many batches may go by while the port is idle: the kernel may still have
// something to finish, such as to let go of a file.
constexpr unsigned kBatchesPerIdlePoll = 64;

// What a run does before its thread gets to other things.
constexpr unsigned kBatchesInShare = 64;
constexpr std::chrono::milliseconds kLongestShare{1};

// How often this process has come out of a fork() since its first run.
unsigned forks = 0;

void CountForks() {
  const auto in_child = [] { ++forks; };
  static const int error = pthread_atfork(nullptr, nullptr, in_child);
  static_cast<void>(error);  // No memory: the child will not know.
}

}  // namespace

Scheduler::Scheduler(Clock& clock, EventPort& port,
                     std::vector<Instrument*> instruments,
                     std::optional<std::uint64_t> schedule_seed)
    : clock_(clock), port_(port), instruments_(std::move(instruments)) {
  if (schedule_seed.has_value()) shuffle_.emplace(*schedule_seed);
  // Spreads small seeds over all bits; never 0.
  running.choices =
      static_cast<std::uint32_t>(schedule_seed.value_or(0) * 0x9E3779B9u) | 1;
}

bool Scheduler::IsInThisStep(const volatile void* address) {
  const std::uintptr_t at = PlaceOnNativeStack(address);
  const auto here =
      reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto run =
      reinterpret_cast<std::uintptr_t>(running.stack_floor) + kNestingBytes;
  return here < at && at < run;
}

void Scheduler::Run(TaskRecord& main) {
  Begin(main);
  running.stack_floor =
      static_cast<const char*>(__builtin_frame_address(0)) - kNestingBytes;
  for (unsigned batch = 0; has_tasks(); ++batch) Tick(batch);
  End();
}

void Scheduler::Begin(TaskRecord& main) {
  CountForks();
  forks_before_ = forks;
  running.scheduler = this;
  root_.EnterAsRoot(root_tasks_);
  root_tasks_.PushBack(&main);
  running.runnable = &runnable_;
  running.has_instruments = !instruments_.empty();
  for (Instrument* instrument : instruments_) instrument->BeforeRun();
  main.Spawn();
}

void Scheduler::End() {
  if (threads_ != nullptr) threads_->RunEnds();
  for (Instrument* instrument : instruments_) instrument->AfterRun();
  running.scheduler = nullptr;
  running.runnable = nullptr;
  root_.ExitAsRoot();
}

void Scheduler::MainEnded() {
  main_ended_ = true;
  RootTaskEnded(*root_tasks_.front());
  if (!root_tasks_.empty()) root_.Cancel("main has ended");
}

void Scheduler::StartRootTask(TaskRecord& task) {
  root_tasks_.PushBack(&task);
  task.Spawn();
}

void Scheduler::RootTaskEnded(TaskRecord& task) {
  task.Unlink();
  task.Exit();
  running.task = nullptr;
}

void Scheduler::AddInstrument(Instrument& instrument) {
  instruments_.push_back(&instrument);
  running.has_instruments = true;
}

void Scheduler::RemoveInstrument(Instrument& instrument) {
  std::erase(instruments_, &instrument);
  running.has_instruments = !instruments_.empty();
}

bool Scheduler::is_forked() const { return forks != forks_before_; }

// In a forked process the port's operations, and what they bring, are still
// those of its parent.
void Scheduler::CheckNotForked() const {
  if (is_forked()) [[unlikely]] {
    Misuse(
        "a task or a GuestRun went on in a process that was forked from that "
        "of its run: the child of a fork() calls exec() or _exit(), or has "
        "been forked before the run began");
  }
}

void Scheduler::PollPort() {
  CheckNotForked();
  port_.Poll();
}

void Scheduler::WaitOnPort(absl::Duration at_most) {
  CheckNotForked();
  for (Instrument* instrument : instruments_) instrument->BeforeIoWait(at_most);
  may_sleep_ = true;
  if (inbox_.is_surely_empty()) {
    port_.Wait(at_most);
  } else {
    port_.Poll();
  }
  may_sleep_.store(false, std::memory_order_relaxed);
  for (Instrument* instrument : instruments_) instrument->AfterIoWait();
}

// Inlined into Run(), like RunBatch() and what that calls: the calls would cost
// as much as a switch between two tasks.
[[gnu::always_inline]] inline void Scheduler::Tick(unsigned batch) {
  if (runnable_.empty()) {
    WaitUntilRunnable();
  } else {
    HearFromPort(batch);
  }
  RunBatch();
}

[[gnu::always_inline]] inline void Scheduler::HearFromPort(unsigned batch) {
  if (!port_.is_idle() || batch % kBatchesPerIdlePoll == 0) PollPort();
  if (has_news()) HearFromOutside();
}

// The port is asked once a round, to wait or not to wait: each question may be
// a system call.
void Scheduler::WaitUntilRunnable() {
  if (!quiescence_.empty()) {
    PollPort();
    HearFromOutside();
    if (runnable_.empty()) quiescence_.UnparkAll();
    return;
  }
  for (;;) {
    ArmFreshDeadlines();
    const absl::Time next = FromNanoseconds(deadlines_.earliest());
    const absl::Duration wait = clock_.clock().WaitFor(next, expects_io());
    if (wait == absl::InfiniteDuration() && !expects_io()) ReportDeadlock();
    if (wait > absl::ZeroDuration()) {
      WaitOnPort(wait);
    } else {
      PollPort();
    }
    HearFromOutside();
    if (!runnable_.empty()) return;
    if (clock_.clock().Idle(next)) ExpireDeadlines();
    if (!runnable_.empty()) return;
  }
}

// The same as Run()'s loop, but that it ends where that waits, and after a
// while.
absl::Duration Scheduler::RunShare(HostedPort& port) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + kLongestShare;
  running.stack_floor =
      static_cast<const char*>(__builtin_frame_address(0)) - kNestingBytes;
  may_sleep_.store(false, std::memory_order_relaxed);
  const bool has_waited = std::exchange(has_host_waited_, false);
  if (has_waited) {
    for (Instrument* instrument : instruments_) instrument->AfterIoWait();
  }
  for (unsigned batch = 0; batch < kBatchesInShare; ++batch) {
    if (runnable_.empty()) {
      const absl::Duration wait =
          LookBeforeHostWaits(port, has_waited && batch == 0);
      if (wait > absl::ZeroDuration()) return wait;
    } else {
      HearFromPort(batch);
    }
    RunBatch();
    if (!has_tasks() || Clock::now() >= end) break;
  }
  return absl::ZeroDuration();
}

// A round of WaitUntilRunnable(), without its wait. `has_waited`: the host's
// wait is over.
absl::Duration Scheduler::LookBeforeHostWaits(HostedPort& port,
                                              bool has_waited) {
  may_sleep_ = true;
  PollPort();
  if (!inbox_.is_surely_empty()) inbox_.Deliver();
  HearFromOutside();
  // Last: it submits what was cancelled by these.
  const absl::Duration port_wait = port.PollToWait();
  absl::Duration wait = absl::ZeroDuration();
  if (runnable_.empty() && port_wait > absl::ZeroDuration()) {
    wait = std::min(port_wait, TimeForHostToWait(has_waited));
  }
  has_host_waited_ = wait > absl::ZeroDuration();
  if (has_host_waited_) {
    for (Instrument* instrument : instruments_) instrument->BeforeIoWait(wait);
  } else {
    may_sleep_.store(false, std::memory_order_relaxed);
  }
  return wait;
}

// Zero if there is something to do instead. Requires: no task is runnable, and
// nothing has come in.
absl::Duration Scheduler::TimeForHostToWait(bool has_waited) {
  if (!quiescence_.empty()) {
    quiescence_.UnparkAll();
    return absl::ZeroDuration();
  }
  Clock& clock = clock_.clock();
  const absl::Time next = FromNanoseconds(deadlines_.earliest());
  if (has_waited && clock.Idle(next)) {
    ExpireDeadlines();
    return absl::ZeroDuration();
  }
  const absl::Duration wait = clock.WaitFor(next, expects_io());
  if (wait <= absl::ZeroDuration() && clock.Idle(next)) ExpireDeadlines();
  return std::max(wait, absl::ZeroDuration());
}

// Deadlines come last: what has completed beats a timeout that is due.
void Scheduler::HearFromOutside() {
  if (!inbox_.empty()) inbox_.Deliver();
  ArmFreshDeadlines();
  if (!deadlines_.empty()) ExpireDeadlines();
}

void Scheduler::ArmFreshDeadlines() {
  while (CancelNode* scope = fresh_deadlines_.front()) scope->ArmFresh();
}

// Sleeps are woken after all scopes that are due have been cancelled: a timeout
// beats the sleep inside it.
void Scheduler::ExpireDeadlines() {
  const Nanoseconds now = clock_.JustNow();
  SleepAwaiter* first_sleep = nullptr;
  SleepAwaiter** last_sleep = &first_sleep;
  while (Deadline* due = deadlines_.PopDue(now)) {
    if (due->kind() == Deadline::Kind::kScope) {
      static_cast<CancelNode*>(due)->Expire();
    } else {
      *last_sleep = static_cast<SleepAwaiter*>(due);
      last_sleep = &(*last_sleep)->next_due_;
    }
  }
  *last_sleep = nullptr;
  while (first_sleep != nullptr) {
    std::exchange(first_sleep, first_sleep->next_due_)->Expire();
  }
}

[[gnu::always_inline]] inline void Scheduler::RunBatch() {
  if (shuffle_.has_value()) ShuffleBatch();
  for (TaskRecord* task = runnable_.TakeAll(); task != nullptr;
       task = rest_of_batch_) {
    rest_of_batch_ = RunQueue::after(*task);
    RunStep(*task);
  }
}

void Scheduler::ShuffleBatch() {
  std::vector<TaskRecord*> tasks;
  for (TaskRecord* task = runnable_.TakeAll(); task != nullptr;
       task = RunQueue::after(*task)) {
    tasks.push_back(task);
  }
  std::shuffle(tasks.begin(), tasks.end(), *shuffle_);
  for (TaskRecord* task : tasks) runnable_.PushBack(*task);
}

[[gnu::always_inline]] inline void Scheduler::RunStep(TaskRecord& task) {
  const Frame leaf = task.leaf_;
  running.task = &task;
  running.frame = leaf;
  running.operations_left = kOperationsPerStep;
  // First, for the testing kit, which cancels from here.
  task.TellInstruments(&Instrument::StepBegins);
  task.state_ = TaskRecord::State::kRunning;
  if (const Frame unwound = BeginTurn(task, leaf)) {
    Unwinder::UnwindFrom(unwound);
  }
  RunTrampoline();
  if (running.task == nullptr) return;  // It has exited.
  task.TellInstruments(&Instrument::StepEnds);
  running.task = nullptr;
}

// Returns the frame to unwind, if that is what the task's turn is for.
[[gnu::always_inline]] inline Frame Scheduler::BeginTurn(TaskRecord& task,
                                                         Frame leaf) {
  using Turn = TaskRecord::Turn;
  switch (task.turn_) {
    case Turn::kResume:
      break;
    case Turn::kResumeUnlessCancelled:
      if (task.is_cancelled()) return leaf;
      break;
    case Turn::kCheck:
      if (!task.wait_kind_->may_resume(task.wait_)) return {};
      break;
    case Turn::kBegin:
      return task.Begin();
    case Turn::kUnwind:
      return leaf;
  }
  if (leaf.is_coroutine()) [[likely]] {
    leaf.coroutine().resume();
  } else {
    leaf.promise().Complete();
  }
  return {};
}

[[gnu::always_inline]] inline void Scheduler::RunTrampoline() {
  for (;;) {
    if (running.next) {
      running.frame = std::exchange(running.next, {});
      running.frame.coroutine().resume();
    } else if (running.completed != nullptr) {
      running.frame = {};
      HookedContinuation& completed =
          *std::exchange(running.completed, nullptr);
      if (const Frame unwound = completed.OnCompleted()) {
        Unwinder::UnwindFrom(unwound);
      }
    } else {
      return;
    }
  }
}

void Scheduler::ReportDeadlock() {
  std::cerr << "creche: deadlock: no task can run, no deadline is set, no "
               "operation is under way, and nobody outside could wake the "
               "run. The tasks:\n";
  PrintTaskTree(root_, std::cerr);
  Misuse("aborting because of the deadlock above");
}

size_t Scheduler::runnable() const {
  size_t count = 0;
  for (const TaskRecord* first : {rest_of_batch_, runnable_.front()}) {
    for (const TaskRecord* task = first; task != nullptr;
         task = RunQueue::after(*task)) {
      ++count;
    }
  }
  return count;
}

}  // namespace creche::internal
