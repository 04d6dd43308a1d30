// SPDX-License-Identifier: Apache-2.0
//
// What each step of a script does.

#include <memory>
#include <string>
#include <utility>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {

void Interpreter::RunBody(Task& task, const Step& step, Scope* scope) {
  if (scope != nullptr) Enter(task, *scope);
  task.frames.push_back(Frame{&step.body, &step, scope});
}

Scope* Interpreter::NewScope(int timeout, bool shield) {
  Scope& scope = own_.emplace_back(std::make_unique<Nursery>())->scope;
  scope.timeout = timeout;
  scope.shield = shield;
  return &scope;
}

Scope* Interpreter::Referred(const Step& step) {
  if (scopes_[step.target] != nullptr) return scopes_[step.target].get();
  Nursery* nursery = nurseries_[step.target];
  return nursery == nullptr ? nullptr : &nursery->scope;
}

void Interpreter::Execute(Task& task, const Step& step) {
  if (step.op != Op::kJanitor) {
    Record("t" + std::to_string(task.id) + " at " + std::to_string(step.id));
  }
  Errors error = Error("e" + std::to_string(step.id));
  switch (step.op) {
    case Op::kCheckpoint:
      return Yield(task, true);
    case Op::kShieldedCheckpoint:
      return Yield(task, false);
    case Op::kCheckpointIfCancelled:
      if (IsCancelled(*task.scope)) Stop(task);
      return;
    case Op::kSleep:
      return Sleep(task, step.amount);
    case Op::kFail:
    case Op::kTryFail:
      return Complete(task, error);
    case Op::kThrow:
#if defined(__cpp_exceptions)
      error.thrown = true;
#endif
      return Complete(task, error);
    case Op::kCall:
    case Op::kTryCall:
    case Op::kCleanup:
      return RunBody(task, step, nullptr);
    case Op::kScope:
      return RunBody(task, step, scopes_[step.id].get());
    case Op::kMoveOn:
    case Op::kFailAfter:
      return RunBody(task, step, NewScope(step.amount, false));
    case Op::kShield:
      return RunBody(task, step, NewScope(kNever, true));
    case Op::kNursery: {
      Nursery& nursery = *own_.emplace_back(std::make_unique<Nursery>());
      OpenNursery(task, nursery);
      nurseries_[step.id] = &nursery;
      task.frames.push_back(Frame{&step.body, &step, nullptr, &nursery});
      return;
    }
    case Op::kWhenAll:
    case Op::kRace:
      return RunBeside(task, step);
    case Op::kWith:
      RunBody(task, step, nullptr);
      task.frames.back().outer_local = std::exchange(task.local, step.id);
      return;
    case Op::kSpawn:
      Spawn(*nurseries_[step.target], step, step.body, task);
      return;
    case Op::kStart:
      return BeginStart(task, step);
    case Op::kStarted:
      return SayStarted(*starts_[step.target]);
    case Op::kCancel:
    case Op::kSetDeadline:
    case Op::kSetShield:
    case Op::kQuery:
      if (Scope* scope = Referred(step)) ExecuteOnScope(task, step, *scope);
      return;
    case Op::kAdvance:
      now_ += step.amount;
      return;
    case Op::kPark:
      task.lot = step.target;
      if (BeginWait(task, Wait::kPark)) lots_[step.target].push_back(&task);
      return;
    case Op::kUnpark:
      return Unpark(step.target, step.amount);
    case Op::kSlow:
      task.slow_step = &step;
      if (BeginWait(task, Wait::kSlow)) slow_.push_back(&task);
      return;
    case Op::kFinishSlow:
      return FinishSlow();
    case Op::kLocal:
      return Record("local " + std::to_string(task.local));
    case Op::kSend:
      return Send(task, step);
    case Op::kReceive:
      return Receive(task, step);
    case Op::kSelect:
      return Select(task, step);
    case Op::kCloseSender:
      return CloseSender(channels_[step.target]);
    case Op::kCloseReceiver:
      return CloseReceiver(channels_[step.target]);
    case Op::kJanitor:
      for (int lot = 0; lot < kLots; ++lot) Unpark(lot, kNever);
      FinishSlow();
      ServeChannels();
      if (done_) return;
      --task.frames.back().next;
      return Sleep(task, 25);
    case Op::kDone:
      done_ = true;
      return;
  }
}

void Interpreter::ExecuteOnScope(Task& task, const Step& step, Scope& scope) {
  if (step.op == Op::kCancel) {
    Cancel(scope, "c" + std::to_string(step.id));
  } else if (step.op == Op::kSetDeadline) {
    scope.deadline = step.amount;
    scope.timeout = kNever;
    scope.armed = ++clock_ticks_;
  } else if (step.op == Op::kSetShield) {
    scope.shield = step.flag;
    if (scope.entered && !scope.exited) Deliver(scope);
  } else {
    CancelCalled(scope);
    Record("scope " + std::to_string(step.target) + ": " + Describe(scope) +
           (IsCancelled(*task.scope) ? ", cancelled" : "") + ", until " +
           std::to_string(EffectiveDeadline(*task.scope)));
  }
}

}  // namespace creche::model
