// SPDX-License-Identifier: Apache-2.0
//
// Scopes, and the time they have.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {

bool Interpreter::SeesOutside(const Scope& scope) {
  return !scope.shield && scope.parent != nullptr && IsCancelled(*scope.parent);
}

bool Interpreter::IsCancelled(const Scope& scope) {
  return scope.cancel_called || SeesOutside(scope);
}

bool Interpreter::Catches(const Scope& scope) {
  return scope.cancel_called && !SeesOutside(scope);
}

std::string Interpreter::VisibleReason(const Scope& scope) {
  return scope.cancel_called ? scope.reason : scope.outside_reason.value_or("");
}

void Interpreter::NoteOutside(Scope& scope) {
  if (!SeesOutside(scope)) {
    scope.outside_reason.reset();
  } else if (!scope.outside_reason.has_value()) {
    scope.outside_reason = VisibleReason(*scope.parent);
  }
}

void Interpreter::Enter(Task& task, Scope& scope) {
  scope.entered = true;
  scope.owner = &task;
  scope.parent = task.scope;
  scope.parent->inside.push_back(&scope);
  task.scope = &scope;
  NoteOutside(scope);
  if (scope.timeout != kNever) {
    scope.deadline = std::min(scope.deadline, now_ + scope.timeout);
  }
  scope.timeout = kNever;
  if (scope.deadline == kNever || scope.cancel_called) return;
  if (scope.deadline <= now_) {
    Cancel(scope, "deadline");
  } else {
    scope.armed = ++clock_ticks_;
  }
}

void Interpreter::Exit(Task& task, Scope& scope) {
  std::erase(scope.parent->inside, &scope);
  task.scope = scope.parent;
  scope.parent = nullptr;
  scope.exited = true;
}

void Interpreter::Cancel(Scope& scope, const std::string& reason) {
  if (scope.cancel_called) return;
  scope.cancel_called = true;
  scope.reason = reason;
  Deliver(scope);
}

void Interpreter::Deliver(Scope& scope) {
  NoteOutside(scope);
  std::vector<Task*> here;
  if (scope.owner != nullptr) here.push_back(scope.owner);
  if (scope.nursery != nullptr) {
    for (Task* child : scope.nursery->children) here.push_back(child);
  }
  for (Task* task : here) {
    if (task->scope == &scope && IsCancelled(scope)) Abort(*task);
  }
  for (Scope* inside : scope.inside) Deliver(*inside);
}

bool Interpreter::CancelCalled(Scope& scope) {
  if (!scope.cancel_called && !scope.exited && scope.deadline <= now_) {
    Cancel(scope, "deadline");
  }
  return scope.cancel_called;
}

int Interpreter::EffectiveDeadline(const Scope& scope) const {
  if (IsCancelled(scope)) return -1;
  int earliest = scope.deadline;
  if (scope.shield || scope.parent == nullptr) return earliest;
  return std::min(earliest, EffectiveDeadline(*scope.parent));
}

std::vector<Scope*> Interpreter::ArmedScopes() {
  std::vector<Scope*> armed;
  CollectArmed(root_, armed);
  return armed;
}

void Interpreter::CollectArmed(Scope& scope, std::vector<Scope*>& armed) {
  if (!scope.cancel_called && scope.deadline != kNever) {
    armed.push_back(&scope);
  }
  for (Scope* inside : scope.inside) CollectArmed(*inside, armed);
}

std::vector<Task*> Interpreter::Sleepers() {
  std::vector<Task*> sleepers;
  for (auto& task : tasks_) {
    if (task->state == State::kWaiting && task->wake_time != kNever) {
      sleepers.push_back(task.get());
    }
  }
  return sleepers;
}

void Interpreter::ExpireDeadlines() {
  std::vector<Scope*> scopes = ArmedScopes();
  std::erase_if(scopes, [&](Scope* s) { return s->deadline > now_; });
  std::sort(scopes.begin(), scopes.end(), [](Scope* a, Scope* b) {
    return std::pair(a->deadline, a->armed) < std::pair(b->deadline, b->armed);
  });
  for (Scope* scope : scopes) Cancel(*scope, "deadline");
  std::vector<Task*> sleepers = Sleepers();
  std::erase_if(sleepers, [&](Task* t) { return t->wake_time > now_; });
  std::sort(sleepers.begin(), sleepers.end(), [](Task* a, Task* b) {
    return std::pair(a->wake_time, a->armed) <
           std::pair(b->wake_time, b->armed);
  });
  for (Task* task : sleepers) CompleteWait(*task, "selected 2");
}

bool Interpreter::JumpToNextDeadline() {
  int next = kNever;
  for (Scope* scope : ArmedScopes()) next = std::min(next, scope->deadline);
  for (Task* task : Sleepers()) next = std::min(next, task->wake_time);
  now_ = std::max(now_, next);
  return next != kNever;
}

}  // namespace creche::model
