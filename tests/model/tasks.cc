// SPDX-License-Identifier: Apache-2.0
//
// How the blocks of a task begin and end.

#include <string>
#include <utility>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {
namespace {

// Whether the bodies of such a step are tasks of their own.
bool IsOfATask(Op op) {
  return op == Op::kSpawn || op == Op::kStart || op == Op::kWhenAll ||
         op == Op::kRace;
}

}  // namespace

void Interpreter::RunStep(Task& task) {
  const bool stops =
      task.stop || (task.check_cancel && IsCancelled(*task.scope));
  task.stop = task.check_cancel = false;
  const Wait waited = std::exchange(task.wait, Wait::kNone);
  task.state = State::kRunning;
  if (stops) {
    Unwind(task);
  } else if (waited == Wait::kNursery) {
    LeaveNursery(task);
  } else if (waited == Wait::kChannel) {
    Record(task.outcome);
  }
  while (task.state == State::kRunning) {
    Frame& frame = task.frames.back();
    if (frame.next == frame.block->steps.size()) {
      Complete(task, {});
    } else {
      Execute(task, frame.block->steps[frame.next++]);
    }
  }
}

void Interpreter::RecordResult(const Step& step, const Errors& errors) {
  std::string all;
  for (const std::string& error : errors.names) all += " " + error;
  Record("result of " + std::to_string(step.id) + ":" + all);
}

void Interpreter::RecordExit(const Step& step, bool completed,
                             const Scope& scope) {
  std::string what = "exit of " + std::to_string(step.id);
  what += completed ? " completed" : " cancelled";
  if (step.op == Op::kScope) what += ", " + Describe(scope);
  Record(what);
}

std::string Interpreter::Describe(const Scope& scope) {
  return std::string(scope.cancel_called ? "called" : "") +
         (scope.caught ? " caught" : "") + " (" + scope.reason + ")";
}

Frame Interpreter::PopFrame(Task& task) {
  const Frame frame = task.frames.back();
  task.frames.pop_back();
  if (frame.made_by != nullptr && frame.made_by->op == Op::kWith) {
    task.local = frame.outer_local;
  }
  Record("end of block " + std::to_string(frame.block->id));
  return frame;
}

void Interpreter::Complete(Task& task, const Errors& errors) {
  const Frame frame = PopFrame(task);
  if (frame.made_by == nullptr) return EndMain(task, "main ended");
  const Step& step = *frame.made_by;
  if (frame.nursery != nullptr) {
    if (!errors.empty()) Fail(*frame.nursery, errors, "body");
    return BodyEnded(task, *frame.nursery, step);
  }
  if (step.op == Op::kRace && !errors.thrown) {
    return CompleteRacer(task, frame, errors);
  }
  if (IsOfATask(step.op)) {
    if (!errors.empty()) Fail(*task.home, errors, "child");
    return ChildEnded(task);
  }
  if (step.op == Op::kCleanup && !frame.is_cleanup) {
    return BeginCleanup(task, step, false, errors);
  }
  if (frame.scope != nullptr) Exit(task, *frame.scope);
  if (step.op == Op::kCleanup) return EndCleanup(task, frame, errors);
  if (step.op == Op::kFailAfter) {
    // Exceptions pass it.
    RecordResult(step, errors);
    if (step.swallow) return;
  } else if (frame.scope != nullptr) {
    RecordExit(step, true, *frame.scope);
  }
  if (!errors.empty()) Complete(task, errors);
}

void Interpreter::Unwind(Task& task) {
  for (;;) {
    const Frame frame = PopFrame(task);
    if (frame.made_by == nullptr) return EndMain(task, "main cancelled");
    const Step& step = *frame.made_by;
    if (frame.nursery != nullptr) {
      SomeoneUnwound(*frame.nursery);
      return BodyEnded(task, *frame.nursery, step);
    }
    if (IsOfATask(step.op)) {
      SomeoneUnwound(*task.home);
      return ChildEnded(task);
    }
    if (step.op == Op::kCleanup && !frame.is_cleanup) {
      return BeginCleanup(task, step, true, {});
    }
    if (frame.scope == nullptr) continue;
    frame.scope->caught = Catches(*frame.scope);
    Exit(task, *frame.scope);
    if (!frame.scope->caught) continue;
    if (step.op == Op::kCleanup) return EndCleanup(task, frame, {});
    if (step.op == Op::kFailAfter) {
      RecordResult(step, Error("timeout"));
      if (!step.swallow) Complete(task, Error("timeout"));
    } else {
      RecordExit(step, false, *frame.scope);
    }
    return;
  }
}

void Interpreter::BeginCleanup(Task& task, const Step& step, bool body_unwound,
                               const Errors& body_errors) {
  Scope* scope = NewScope(step.amount, true);
  Enter(task, *scope);
  Frame& frame = task.frames.emplace_back(Frame{&step.cleanup, &step, scope});
  frame.is_cleanup = true;
  frame.body_unwound = body_unwound;
  frame.body_errors = body_errors;
}

void Interpreter::EndCleanup(Task& task, const Frame& frame,
                             const Errors& errors) {
  if (frame.body_unwound && errors.empty()) return Unwind(task);
  Errors all = frame.body_errors;
  all.Append(errors);
  RecordResult(*frame.made_by, all);
  if (!all.empty() && !frame.made_by->swallow) Complete(task, all);
}

void Interpreter::EndMain(Task& task, const char* how) {
  Record(how);
  task.state = State::kEnded;
  main_ended_ = true;
}

}  // namespace creche::model
