// SPDX-License-Identifier: Apache-2.0
//
// NurseryState: what a Nursery is: the scope around its body and children, who
// is in it still, and how those ended that have gone.

#ifndef CRECHE_CORE_INTERNAL_NURSERY_STATE_H_
#define CRECHE_CORE_INTERNAL_NURSERY_STATE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "creche/core/cancel_scope.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {

// A nursery closes at the moment when the last one in it ends: the body, the
// children, and the calls of Start() that wait for a child.
class NurseryState {
 public:
  NurseryState() = default;
  NurseryState(const NurseryState&) = delete;
  NurseryState& operator=(const NurseryState&) = delete;

  // `parent`, the running task, enters the scope.
  void Open(TaskRecord& parent);
  // Aborts, naming Nursery::`what`, if it has closed or is of another run.
  void CheckOpen(const char* what) {
    if (!is_open_ || !scope().is_of_this_run()) [[unlikely]]
      RefuseTo(what);
  }
  // Everyone has ended, and the parent leaves the scope. Returns true if a
  // cancellation goes on outwards.
  bool Leave();
  std::vector<Failure> TakeFailures() { return std::move(failures_); }
  // It keeps no text: there may be as many nurseries as were ever open.
  void Forget();

  CancelScope& cancel_scope() { return *scope_; }
  CancelNode& scope() { return ScopeAccess::Node(*scope_); }
  size_t child_count() const { return child_count_; }

  // The body has a frame from here until it has completed or been unwound. Then
  // its task waits for the children, in the frame `block`.
  void BodyBegins(const PromiseBase& body) { body_ = &body; }
  void BodyEnded(Frame block);
  bool body_ended() const { return body_ended_; }
  // Whether `address` is in a frame of the body, or of a call that the body
  // awaits: it may go before a child does that is started now.
  bool IsInTheBody(const volatile void* address) const;

  // A child begins.
  void Adopt(TaskRecord* child) {
    children_.PushBack(child);
    ++child_count_;
    child->Spawn();
  }
  // A child ends, in its own step; it is deleted.
  template <typename Child>
  static void RemoveChild(Child& child) {
    NurseryState& nursery = *child.nursery();
    child.Unlink();
    --nursery.child_count_;
    child.Exit();
    delete &child;
    nursery.WakeIfEmpty();
  }
  static void ChildFailed(TaskRecord& child, Failure failure);
  static void ChildUnwound(TaskRecord& child);
  // Moves `child`, with all below it, into another nursery.
  static void Move(TaskRecord& child, NurseryState& to);

  // The first failure cancels everyone.
  void Fail(Failure failure, const std::string& whose);
  // A cancellation has unwound the body or a child.
  void NoteUnwound();

  // A pending Start() keeps it open.
  void AddPendingStart() { ++pending_starts_; }
  void RemovePendingStart() {
    --pending_starts_;
    WakeIfEmpty();
  }

  // What completed is not given up for a cancellation from outside: Leave()
  // never passes one on.
  void KeepCompleted() { keeps_completed_ = true; }

 private:
  [[noreturn]] void RefuseTo(const char* what) const;
  void WakeIfEmpty() {
    if (body_ended_ && child_count_ == 0 && pending_starts_ == 0) AllEnded();
  }
  void AllEnded();

  std::optional<CancelScope> scope_;
  TaskRecord* parent_ = nullptr;
  const PromiseBase* body_ = nullptr;  // Until it has ended.
  IntrusiveList<TaskRecord, NurseryTasks> children_;
  size_t child_count_ = 0;
  size_t pending_starts_ = 0;
  bool is_open_ = false;
  bool body_ended_ = false;
  bool anyone_unwound_ = false;
  bool keeps_completed_ = false;
  std::vector<Failure> failures_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_NURSERY_STATE_H_
