// SPDX-License-Identifier: Apache-2.0
//
// NurseryAccess: a nursery, for the other files that make nurseries what they
// are.

#ifndef CRECHE_CORE_INTERNAL_NURSERY_ACCESS_INL_H_
#define CRECHE_CORE_INTERNAL_NURSERY_ACCESS_INL_H_

#include "creche/core/cancel_scope.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {

class NurseryAccess {
 public:
  static CancelNode& Scope(Nursery& nursery) {
    return ScopeAccess::Node(*nursery.scope_);
  }
  static TaskRecord* Parent(const Nursery& nursery) { return nursery.parent_; }
  static const IntrusiveList<TaskRecord, NurseryTasks>& Children(
      const Nursery& nursery) {
    return nursery.children_;
  }
  static void CheckOpen(Nursery& nursery, const char* what) {
    nursery.CheckOpen(what);
  }
  static void Adopt(Nursery& nursery, TaskRecord* child) {
    nursery.Adopt(child);
  }
  // A child ends, in its own step; it is deleted.
  template <typename Child>
  static void RemoveChild(Child& child) {
    Nursery& nursery = *child.nursery();
    child.Unlink();
    --nursery.child_count_;
    child.Exit();
    delete &child;
    nursery.WakeIfEmpty();
  }
  static void ChildFailed(TaskRecord& child, Failure failure);
  static void ChildUnwound(TaskRecord& child);

  // A pending Start() keeps `nursery` open.
  static void AddPendingStart(Nursery& nursery);
  static void RemovePendingStart(Nursery& nursery);

  // Moves `child`, with all below it, into another nursery.
  static void Move(TaskRecord& child, Nursery& to);

  // What completed is not given up for a cancellation from outside.
  static void KeepCompleted(Nursery& nursery) {
    nursery.keeps_completed_ = true;
  }
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_NURSERY_ACCESS_INL_H_
