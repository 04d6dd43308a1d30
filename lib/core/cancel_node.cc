// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/cancel_node.h"

#include <algorithm>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "creche/core/instrument.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/task_record.h"
#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

// Where the running task's code is, if it runs: the last co_await of the
// innermost coroutine that has one. (One that has a result, of whose locals a
// destructor runs, is in no place any more.)
std::source_location PlaceNow() {
  if (running.task == nullptr) return {};
  for (Frame frame = running.frame; frame; frame = CallerOf(frame)) {
    if (!frame.is_coroutine()) continue;
    const std::source_location place = frame.promise().location();
    if (place.line() != 0) return place;
  }
  return {};
}

}  // namespace

CancelNode::~CancelNode() {
  if (stage_ == Stage::kEntered) {
    Misuse("a CancelScope was destroyed while its Run() was under way");
  }
}

template <typename Hook, typename... Tasks>
inline void CancelNode::TellInstruments(Hook hook,
                                        const Tasks&... tasks) const {
  if (running.has_instruments) [[unlikely]]
    TellEachInstrument(hook, tasks...);
}

inline bool CancelNode::UpdateIsCancelled() {
  const bool is_cancelled = cancel_called_ || SeesOutsideCancellation();
  if (is_cancelled == is_cancelled_) [[likely]]
    return false;
  SetIsCancelled(is_cancelled);
  return true;
}

inline void CancelNode::Disarm() {
  using Fresh = ListLink<FreshDeadlines>;
  if (Fresh::is_linked()) Fresh::Unlink();
  if (is_armed()) running.scheduler->deadlines().Remove(*this);
}

void CancelNode::Enter(TaskRecord& task) {
  if (stage_ != Stage::kFresh) {
    Misuse("a CancelScope is used for one Run(): make another");
  }
  stage_ = Stage::kEntered;
  run_ = running.scheduler;
  owner_ = &task;
  parent_ = task.scope();
  parent_->children_.PushBack(this);
  task.set_scope(this);
  UpdateIsCancelled();
  TellInstruments(&Instrument::ScopeEntered, task);
  bool is_due = when_ != kNever && when_ <= ClockNow();
  if (is_relative_) {
    is_due |= timeout_ <= 0;
    when_ = std::min(when_, AddSaturating(ClockSoon(), timeout_));
  }
  if (when_ == kNever) return;
  if (is_due) {
    Expire();
  } else if (!cancel_called_) {
    running.scheduler->fresh_deadlines().PushBack(this);
  }
}

void CancelNode::ArmFresh() {
  ListLink<FreshDeadlines>::Unlink();
  running.scheduler->deadlines().Add(*this, when_);
}

void CancelNode::Exit() {
  TellInstruments(&Instrument::ScopeExited, *owner_);
  stage_ = Stage::kExited;
  Disarm();
  ListLink<ChildScopes>::Unlink();
  owner_->set_scope(parent_);
  owner_ = nullptr;
  parent_ = nullptr;
}

void CancelNode::EnterAsRoot(IntrusiveList<TaskRecord, NurseryTasks>& tasks) {
  stage_ = Stage::kEntered;
  run_ = running.scheduler;
  tasks_ = &tasks;
}

void CancelNode::ExitAsRoot() { stage_ = Stage::kExited; }

void CancelNode::Reparent(CancelNode& parent) {
  ListLink<ChildScopes>::Unlink();
  parent_ = &parent;
  parent_->children_.PushBack(this);
  UpdateCancelled();
}

void CancelNode::Cancel(absl::string_view reason) {
  CheckIsOfThisRun();
  if (cancel_called_) return;
  CancelFor(reason.empty() ? nullptr
                           : std::make_shared<const std::string>(reason));
}

void CancelNode::Expire() {
  static const auto& reason =
      *new Reason(std::make_shared<const std::string>("deadline"));
  CancelFor(reason);
}

void CancelNode::CancelFor(Reason reason) {
  if (cancel_called_) return;
  cancel_called_ = true;
  reason_ = std::move(reason);
  TellInstruments(&Instrument::ScopeCancelled);
  ArmOrDisarm();
  UpdateCancelled();
}

void CancelNode::SetIsCancelled(bool is_cancelled) {
  is_cancelled_ = is_cancelled;
  if (!cancel_called_) reason_ = is_cancelled ? parent_->reason_ : nullptr;
}

void CancelNode::set_shield(bool shield) {
  CheckIsOfThisRun();
  shield_ = shield;
  if (stage_ == Stage::kEntered) UpdateCancelled();
}

void CancelNode::set_deadline(Nanoseconds when) {
  CheckIsOfThisRun();
  when_ = when;
  is_relative_ = false;
  ArmOrDisarm();
}

Nanoseconds CancelNode::EffectiveDeadline() const {
  if (is_cancelled_) return kLongAgo;
  Nanoseconds earliest = kNever;
  for (const CancelNode* node = this; node != nullptr; node = node->parent_) {
    earliest = std::min(earliest, node->deadline());
    if (node->shield_) break;
  }
  return earliest;
}

void CancelNode::UsedOutsideOfItsRun() {
  Misuse(
      "a CancelScope (or a nursery's) that is in use was cancelled or changed "
      "outside of its run: it belongs to that run's thread");
}

void CancelNode::ArmOrDisarm() {
  Disarm();
  if (stage_ == Stage::kEntered && !cancel_called_ && when_ != kNever) {
    running.scheduler->fresh_deadlines().PushBack(this);
  }
}

template <typename Hook, typename... Tasks>
void CancelNode::TellEachInstrument(Hook hook, const Tasks&... tasks) const {
  const ScopeId id(this, reason(), PlaceNow());
  for (Instrument* instrument : running.scheduler->instruments()) {
    (instrument->*hook)(id, TaskId(&tasks, tasks.name_to_show())...);
  }
}

// Walks the tree in pre-order without recursion, so that no depth of nesting is
// too much. Where nothing changes, nothing below does.
void CancelNode::UpdateCancelled() {
  CancelNode* node = this;
  for (;;) {
    CancelNode* next = nullptr;
    if (node->UpdateIsCancelled()) {
      if (node->is_cancelled_) node->AbortWaiters();
      next = node->children_.front();
    }
    while (next == nullptr) {
      if (node == this) return;
      next = node->parent_->children_.after(node);
      if (next == nullptr) node = node->parent_;
    }
    node = next;
  }
}

void CancelNode::AbortWaiters() {
  if (owner_ != nullptr && owner_->scope() == this) owner_->RequestAbort();
  if (tasks_ == nullptr) return;
  for (TaskRecord* task = tasks_->front(); task != nullptr;
       task = tasks_->after(task)) {
    if (task->scope() == this) task->RequestAbort();
  }
}

}  // namespace creche::internal
