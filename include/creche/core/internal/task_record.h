// SPDX-License-Identifier: Apache-2.0
//
// TaskRecord: a task, as the scheduler sees it. There is one for each child of
// a nursery and one for the main task.

#ifndef CRECHE_CORE_INTERNAL_TASK_RECORD_H_
#define CRECHE_CORE_INTERNAL_TASK_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/local_bindings.h"
#include "creche/core/internal/run_queue.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/wait.h"
#include "creche/core/wait_context.h"

namespace creche::internal {

class NurseryState;

// A task is in exactly one state:
//
//   kNew ----> kRunnable <--> kRunning ----> ended (the record is gone)
//                  ^             |
//                  |             v
//   kAborting ---> +-------- kWaiting
//       ^                        |
//       +------------------------+  cancelled, and the abort is pending
//
// kNew and kRunnable tasks are in the run queue. A wait (core/internal/wait.h)
// is asked to end at most once, and ends exactly once.
class TaskRecord : public ListLink<NurseryTasks> {
 public:
  enum class State : std::uint8_t {
    kNew,
    kRunnable,
    kRunning,
    kWaiting,
    kAborting
  };

  TaskRecord(NurseryState* nursery, CancelNode* scope)
      : id_(NewTaskId()),
        scope_(scope),
        nursery_(nursery),
        locals_(running.task == nullptr ? LocalBindings()
                                        : running.task->locals_) {}
  TaskRecord(const TaskRecord&) = delete;
  TaskRecord& operator=(const TaskRecord&) = delete;
  // What a child was given is destroyed before, still as part of the task.
  virtual ~TaskRecord() {
    if (running.task == this) running.task = nullptr;
  }

  // A new task becomes runnable. Requires: the task is linked into its nursery.
  void Spawn() {
    ++running.living;
    TellInstruments(&Instrument::TaskSpawned);
    Enqueue();
  }

  // The running task ends: it is about to be destroyed.
  void Exit() {
    --running.living;
    TellInstruments(&Instrument::TaskExited);
  }

  // Called once, in the task's first step: makes its coroutine and hands it to
  // the trampoline. Returns the frame to unwind next, as hooks do.
  virtual Frame Begin() = 0;

  // The running task does not begin to wait, if it is cancelled: it is unwound
  // from `leaf`, when its turn comes, and this returns true.
  bool UnwindsIfCancelled(Frame leaf) {
    if (!is_cancelled()) [[likely]]
      return false;
    UnwindFrom(leaf);
    return true;
  }

  // The running task waits in `leaf`, in `wait`.
  template <typename W>
  void Wait(Frame leaf, W& wait) {
    WaitIn(leaf, WaitKindOf<W>::kKind, &wait, wait.wait_name());
  }

  // The same, for what cannot be cancelled. `what` is a string literal.
  void WaitUncancellably(Frame leaf, const char* what) {
    WaitIn(leaf, kCannotBeCancelled, nullptr, what);
  }

  // The same, unless the task is cancelled, or `wait` is ready: where the
  // task's budget is used up, await_ready() has not asked. Besides what any
  // wait has, `wait` has
  //   bool TryComplete();               false: it is not ready
  //   void Enter(const WaitContext&);   arranges for the wait's end
  template <typename W>
  void WaitUnlessReady(Frame leaf, W& wait);

  // What the task waits for has happened.
  void Wake() {
    CheckIsOfThisRun();
    if (!is_waiting()) [[unlikely]]
      WokenWithoutWaiting();
    BecomeRunnable();
  }

  // What the task waits for may have happened: its wait's MayResume() decides
  // when the task's turn comes.
  void WakeToCheck() {
    Wake();
    turn_ = Turn::kCheck;
  }

  // What the task waits for has not happened, and will not. Requires: its
  // wait's OnCancel() has answered Abort::kPending.
  void WakeAborted();

  // The running task gives way to others, in `leaf`. When its turn comes it
  // goes on, or, if `cancellable` and cancelled by then, is unwound.
  void Yield(Frame leaf, bool cancellable) {
    SuspendAt(leaf);
    turn_ = cancellable ? Turn::kResumeUnlessCancelled : Turn::kResume;
    BecomeRunnable();
  }

  // The running task, which is cancelled, is unwound from `leaf`, when its turn
  // comes.
  void UnwindFrom(Frame leaf);

  // If the task waits, asks its wait to end, unless that has been done.
  void RequestAbort();

  bool is_cancelled() const { return scope_->is_cancelled(); }

  // Aborts outside of the task's run, and on other threads: what tasks wait for
  // belongs to the thread of their run.
  void CheckIsOfThisRun() const {
    if (!scope_->is_of_this_run()) [[unlikely]]
      UsedOutsideOfItsRun();
  }
  bool is_waiting() const {
    return state_ == State::kWaiting || state_ == State::kAborting;
  }

  // Where a cancellation would be delivered at once, or at its next turn.
  bool is_at_cancel_point() const {
    if (state_ == State::kWaiting) return wait_kind_->on_cancel != nullptr;
    return state_ == State::kRunnable &&
           (turn_ == Turn::kResumeUnlessCancelled || turn_ == Turn::kCheck);
  }

  State state() const { return state_; }
  // Tells all tasks of the process apart. Never 0.
  std::uint64_t id() const { return id_; }
  CancelNode* scope() const { return scope_; }
  void set_scope(CancelNode* scope) { scope_ = scope; }
  NurseryState* nursery() const { return nursery_; }
  void set_nursery(NurseryState* nursery) { nursery_ = nursery; }
  Frame leaf() const { return leaf_; }
  // Requires: it does not run.
  const char* waits_for() const;
  const std::string* name() const { return name_.get(); }
  // The main task is "main" unless it is called otherwise. May be empty.
  absl::string_view name_to_show() const {
    if (name_ != nullptr) return *name_;
    return nursery_ == nullptr ? "main" : "";
  }
  void set_name(absl::string_view name) {
    name_ = std::make_unique<std::string>(name);
  }

  static void* operator new(std::size_t size) {
    return FramePool::Allocate(size, FramePool::Kind::kRecord);
  }
  static void operator delete(void* memory, std::size_t size) noexcept {
    FramePool::Free(memory, size, FramePool::Kind::kRecord);
  }

  const LocalBindings& locals() const { return locals_; }
  void set_locals(LocalBindings locals) { locals_ = std::move(locals); }

 private:
  friend class Scheduler;
  friend class RunQueue;

  // What happens when its turn comes.
  enum class Turn : std::uint8_t {
    kBegin,
    kResume,
    kResumeUnlessCancelled,
    kCheck,
    kUnwind,
  };

  void SuspendAt(Frame leaf) { leaf_ = leaf; }
  void WaitIn(Frame leaf, const WaitKind& kind, void* wait, const char* name) {
    SuspendAt(leaf);
    wait_kind_ = &kind;
    wait_ = wait;
    waits_for_ = name;
    turn_ = Turn::kResume;
    state_ = State::kWaiting;
  }
  template <typename W>
  [[gnu::noinline, gnu::cold]] bool CompletesLater(Frame leaf, W& wait);
  void BecomeRunnable() {
    state_ = State::kRunnable;
    Enqueue();
  }
  void Enqueue() {
    running.runnable->PushBack(*this);
    TellInstruments(&Instrument::TaskScheduled);
  }

  using InstrumentHook = void (Instrument::*)(const TaskId&);
  void TellInstruments(InstrumentHook hook) const {
    if (running.has_instruments) [[unlikely]]
      TellEachInstrument(hook);
  }
  void TellEachInstrument(InstrumentHook hook) const;
  [[noreturn]] static void WokenWithoutWaiting();
  [[noreturn]] static void UsedOutsideOfItsRun();
  Abort CallOnCancel();

  State state_ = State::kNew;
  Turn turn_ = Turn::kBegin;
  const std::uint64_t
      id_ : 48;  // Would last ten million tasks a second a year.
  union {
    const char* waits_for_;                // While it waits.
    TaskRecord* next_runnable_ = nullptr;  // In the run queue.
  };
  CancelNode* scope_;  // The innermost scope the task stands in.
  NurseryState* nursery_;
  Frame leaf_;  // The innermost frame, unless the task runs.
  // While it waits, and while turn_ is kCheck.
  const WaitKind* wait_kind_ = nullptr;
  void* wait_ = nullptr;
  LocalBindings locals_;
  std::unique_ptr<std::string> name_;
};

inline TaskRecord* RunQueue::after(const TaskRecord& task) {
  return task.next_runnable_;
}

inline void RunQueue::PushBack(TaskRecord& task) {
  task.next_runnable_ = nullptr;
  *tail_ = &task;
  tail_ = &task.next_runnable_;
}

// While it exists, what runs is part of `task`, which waits: a callback of that
// task sees its task-locals, not those of whoever has called it.
class OnBehalfOf {
 public:
  explicit OnBehalfOf(TaskRecord& task)
      : caller_(std::exchange(running.task, &task)) {}
  OnBehalfOf(const OnBehalfOf&) = delete;
  OnBehalfOf& operator=(const OnBehalfOf&) = delete;
  ~OnBehalfOf() { running.task = caller_; }

 private:
  TaskRecord* caller_;  // Null: called between the steps of tasks.
};

// The task that runs on this thread. Aborts, naming `what`, if there is none.
TaskRecord& CurrentTask(const char* what);

// SpendOperation() where the budget is used up or the task is watched.
bool SpendWatchedOperation();

// Takes one operation off the running task's budget. Returns true if an
// operation that can complete at once may do so without letting other tasks run
// first: the task is not cancelled, and the budget was not used up.
inline bool SpendOperation() {
  if (--running.operations_left < 0) [[unlikely]]
    return SpendWatchedOperation();
  return !running.task->is_cancelled();
}

// What the last SpendOperation() has returned, of a task that is not cancelled.
inline bool HasBudgetLeft() { return running.operations_left >= 0; }

template <typename W>
void TaskRecord::WaitUnlessReady(Frame leaf, W& wait) {
  if (UnwindsIfCancelled(leaf)) return;
  if (!HasBudgetLeft() && CompletesLater(leaf, wait)) [[unlikely]]
    return;
  wait.Enter(WaitContext(*this, nullptr));
  Wait(leaf, wait);
}

// Enough has completed at once: others first.
template <typename W>
bool TaskRecord::CompletesLater(Frame leaf, W& wait) {
  if (!wait.TryComplete()) return false;
  Yield(leaf, /*cancellable=*/false);
  return true;
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_TASK_RECORD_H_
