// SPDX-License-Identifier: Apache-2.0
//
// CancelNode: a cancel scope's place in the tree of scopes.

#ifndef CRECHE_CORE_INTERNAL_CANCEL_NODE_H_
#define CRECHE_CORE_INTERNAL_CANCEL_NODE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/running.h"

namespace creche::internal {

class TaskRecord;
struct FreshDeadlines;  // Tag: scopes that were entered in this batch.
struct ChildScopes;     // Tag: the scopes entered directly inside a scope.
struct NurseryTasks;    // Tag: the children of a nursery.

// Invariants, whenever no function of this class is running:
// 1. is_cancelled() == cancel_called, or not shielded and the parent
//    is_cancelled(): a cancellation reaches down to the next shields.
// 2. A task that waits and whose innermost scope is_cancelled() has had its
//    abort function called.
// 3. The deadline is armed exactly while the node is entered, not yet cancelled
//    itself, and its deadline is finite; or instead, in the batch of its entry,
//    the node is among the fresh deadlines.
// 4. The scopes that one task stands in form a chain of parents.
// 5. While is_cancelled(), reason_ says why: what this node was cancelled for,
//    or else what the parent said when its cancellation came here. Each node
//    has it, so that nobody looks for it upwards: unwinding would be quadratic
//    in the depth.
class CancelNode : public ListLink<ChildScopes>,
                   public ListLink<FreshDeadlines>,
                   public Deadline {
 public:
  enum class Stage : std::uint8_t { kFresh, kEntered, kExited };

  CancelNode() : Deadline(Kind::kScope) {}
  ~CancelNode();

  // Makes this the innermost scope of `task`, at its place in the tree.
  void Enter(TaskRecord& task);

  // The reverse; the task's innermost scope is the parent again.
  void Exit();

  // True if this scope catches a cancellation that is unwinding through it: it
  // was cancelled itself, and no cancellation is visible from outside.
  bool Catches() const { return cancel_called_ && !SeesOutsideCancellation(); }

  // Exit() by unwinding. Returns true if this scope caught.
  bool ExitUnwinding() {
    const bool catches = Catches();
    if (catches) caught_ = true;
    Exit();
    return catches;
  }

  // Makes this a root, without a task of its own.
  void EnterAsRoot(IntrusiveList<TaskRecord, NurseryTasks>& tasks);
  void ExitAsRoot();

  // Moves this node, with all below it, under another parent.
  void Reparent(CancelNode& parent);

  // After Exit() there is nothing to cancel, but that it was called is kept.
  void Cancel(absl::string_view reason);
  // A task that stands in here was unwound by a cancellation from outside: this
  // node is cancelled itself, for the same reason.
  void CancelAsOutside() { CancelFor(reason_); }
  void Expire();  // Its deadline has passed.

  bool is_cancelled() const { return is_cancelled_; }
  bool cancel_called() const { return cancel_called_; }
  bool caught() const { return caught_; }
  void set_caught() { caught_ = true; }
  Stage stage() const { return stage_; }
  // Empty unless cancel_called().
  absl::string_view reason() const {
    if (!cancel_called_ || reason_ == nullptr) return absl::string_view();
    return *reason_;
  }
  // For those who keep a node that nobody is to use any more.
  void ForgetReason() { reason_ = nullptr; }

  bool shield() const { return shield_; }
  void set_shield(bool shield);

  // Before entry a deadline can be relative: it then counts from entry.
  Nanoseconds deadline() const { return when_; }
  void set_deadline(Nanoseconds when);
  void set_timeout(Nanoseconds timeout) {
    timeout_ = timeout;
    is_relative_ = timeout != kNever;
  }
  Nanoseconds timeout() const { return timeout_; }
  bool is_relative() const { return is_relative_; }

  // The earliest deadline that can cancel what stands in this scope.
  Nanoseconds EffectiveDeadline() const;

  // Puts a fresh deadline into the queue.
  void ArmFresh();

  // False on a thread that is not that of the run in which the node was
  // entered, and after that run. Requires: it was entered.
  bool is_of_this_run() const { return run_ == running.scheduler; }

  CancelNode* parent() const { return parent_; }
  TaskRecord* owner() const { return owner_; }

  // The children of the nursery this scope belongs to, if it does.
  void set_tasks(IntrusiveList<TaskRecord, NurseryTasks>* tasks) {
    tasks_ = tasks;
  }
  IntrusiveList<TaskRecord, NurseryTasks>* tasks() const { return tasks_; }
  const IntrusiveList<CancelNode, ChildScopes>& children() const {
    return children_;
  }

 private:
  using Reason = std::shared_ptr<const std::string>;  // Null: empty.

  bool SeesOutsideCancellation() const {
    return !shield_ && parent_ != nullptr && parent_->is_cancelled_;
  }
  // Aborts if the node is entered, and not in this thread's run.
  void CheckIsOfThisRun() const {
    if (stage_ == Stage::kEntered && !is_of_this_run()) [[unlikely]]
      UsedOutsideOfItsRun();
  }
  [[noreturn]] static void UsedOutsideOfItsRun();
  void CancelFor(Reason reason);
  // Restores invariants 1 and 5 for this node. Returns whether it changed.
  bool UpdateIsCancelled();
  void SetIsCancelled(bool is_cancelled);
  // Takes the deadline out of the queue, and of the fresh ones.
  void Disarm();
  // Restores invariant 3.
  void ArmOrDisarm();
  template <typename Hook, typename... Tasks>
  void TellInstruments(Hook hook, const Tasks&... tasks) const;
  template <typename Hook, typename... Tasks>
  void TellEachInstrument(Hook hook, const Tasks&... tasks) const;
  // Restores invariants 1, 2 and 5 for this scope and all scopes inside it.
  void UpdateCancelled();
  // Restores invariant 2 for the tasks whose innermost scope this is.
  void AbortWaiters();

  // First, in what Deadline leaves of its last eight bytes.
  Stage stage_ = Stage::kFresh;
  bool is_cancelled_ = false;
  bool cancel_called_ = false;
  bool caught_ = false;
  bool shield_ = false;
  bool is_relative_ = false;

  const Scheduler* run_ = nullptr;  // In which it was entered.
  CancelNode* parent_ = nullptr;
  IntrusiveList<CancelNode, ChildScopes> children_;
  TaskRecord* owner_ = nullptr;
  IntrusiveList<TaskRecord, NurseryTasks>* tasks_ = nullptr;

  Nanoseconds when_ = kNever;
  Nanoseconds timeout_ = kNever;
  Reason reason_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CANCEL_NODE_H_
