// SPDX-License-Identifier: Apache-2.0
//
// Nurseries, and how a task starts in one and moves to another.

#include <memory>
#include <string>
#include <utility>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {

void Interpreter::OpenNursery(Task& task, Nursery& nursery) {
  nursery.scope.nursery = &nursery;
  nursery.parent = &task;
  Enter(task, nursery.scope);
}

Task& Interpreter::Spawn(Nursery& nursery, const Step& step, const Block& block,
                         const Task& by) {
  Task& child = *tasks_.emplace_back(std::make_unique<Task>());
  child.id = step.id;
  child.scope = &nursery.scope;
  child.home = &nursery;
  child.local = by.local;
  child.frames.push_back(Frame{&block, &step});
  nursery.children.push_back(&child);
  runnable_.push_back(&child);
  return child;
}

void Interpreter::RunBeside(Task& task, const Step& step) {
  Nursery& nursery = *own_.emplace_back(std::make_unique<Nursery>());
  OpenNursery(task, nursery);
  Spawn(nursery, step, step.body, task);
  Spawn(nursery, step, step.cleanup, task);
  BodyEnded(task, nursery, step);
}

// With whatever result: an error Status, too, ends the race.
void Interpreter::CompleteRacer(Task& task, const Frame& frame,
                                const Errors& errors) {
  std::string& race = task.home->race;
  std::string result = frame.block == &frame.made_by->body ? " 0:" : " 1:";
  for (const std::string& name : errors.names) result += " " + name;
  race = frame.block == &frame.made_by->body ? result + race : race + result;
  Cancel(task.home->scope, "race");
  ChildEnded(task);
}

void Interpreter::Fail(Nursery& nursery, const Errors& errors,
                       const char* whose) {
  if (!CancelCalled(nursery.scope)) Cancel(nursery.scope, whose);
  nursery.errors.Append(errors);
}

void Interpreter::SomeoneUnwound(Nursery& nursery) {
  nursery.anyone_unwound = true;
  Cancel(nursery.scope, VisibleReason(nursery.scope));
}

void Interpreter::WakeParentIfEmpty(Nursery& nursery) {
  if (nursery.body_ended && nursery.children.empty() &&
      nursery.pending_starts == 0) {
    MakeRunnable(*nursery.parent);
  }
}

void Interpreter::BodyEnded(Task& task, Nursery& nursery, const Step& step) {
  nursery.body_ended = true;
  task.state = State::kWaiting;
  task.wait = Wait::kNursery;
  task.nursery = &nursery;
  task.nursery_step = &step;
  WakeParentIfEmpty(nursery);
}

void Interpreter::ChildEnded(Task& task) {
  task.state = State::kEnded;
  std::erase(task.home->children, &task);
  WakeParentIfEmpty(*task.home);
}

void Interpreter::BeginStart(Task& task, const Step& step) {
  auto start = std::make_unique<Start>();
  start->target = nurseries_[step.target];
  ++start->target->pending_starts;
  Nursery& first_life = *own_.emplace_back(std::make_unique<Nursery>());
  start->first_life = &first_life;
  OpenNursery(task, first_life);
  start->child = &Spawn(first_life, step, step.body, task);
  starts_[step.id] = std::move(start);
  BodyEnded(task, first_life, step);
}

void Interpreter::EndStart(const Step& step) {
  Start& start = *starts_[step.id];
  start.over = true;
  --start.target->pending_starts;
  WakeParentIfEmpty(*start.target);
}

void Interpreter::SayStarted(Start& start) {
  if (std::exchange(start.started, true)) return;
  Nursery& from = *start.first_life;
  if (start.over || from.children.empty() || IsCancelled(from.scope)) return;
  Task& child = *start.child;
  Nursery& to = *start.target;
  std::erase(from.children, &child);
  to.children.push_back(&child);
  child.home = &to;
  Scope* outermost = nullptr;
  for (Scope* s = child.scope; s != &from.scope; s = s->parent) outermost = s;
  if (outermost == nullptr) {
    child.scope = &to.scope;
    if (IsCancelled(to.scope)) Abort(child);
  } else {
    std::erase(from.scope.inside, outermost);
    to.scope.inside.push_back(outermost);
    outermost->parent = &to.scope;
    Deliver(*outermost);
  }
  WakeParentIfEmpty(from);
}

void Interpreter::LeaveNursery(Task& task) {
  Nursery& nursery = *task.nursery;
  const Step& step = *task.nursery_step;
  const bool goes_on_outwards = nursery.anyone_unwound &&
                                !Catches(nursery.scope) &&
                                nursery.errors.empty() && nursery.race.empty();
  Exit(task, nursery.scope);
  if (step.op == Op::kNursery) nurseries_[step.id] = nullptr;
  Errors errors = nursery.errors;
  if (step.op == Op::kStart) {
    if (!goes_on_outwards && errors.empty() && !starts_[step.id]->started) {
      errors = Error("ended without Started");
    }
    EndStart(step);
  }
  if (goes_on_outwards) return Unwind(task);
  if (step.op == Op::kRace && errors.empty()) {
    return Record("race of " + std::to_string(step.id) + ":" + nursery.race);
  }
  RecordResult(step, errors);
  if (!errors.empty() && !step.swallow) Complete(task, errors);
}

}  // namespace creche::model
