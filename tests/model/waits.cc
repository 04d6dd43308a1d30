// SPDX-License-Identifier: Apache-2.0
//
// What tasks wait for.

#include <string>
#include <utility>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {

void Interpreter::MakeRunnable(Task& task) {
  task.state = State::kRunnable;
  runnable_.push_back(&task);
}

void Interpreter::Yield(Task& task, bool cancellable) {
  task.check_cancel = cancellable;
  MakeRunnable(task);
}

void Interpreter::Stop(Task& task) {
  task.stop = true;
  MakeRunnable(task);
}

bool Interpreter::BeginWait(Task& task, Wait wait) {
  if (IsCancelled(*task.scope)) {
    Stop(task);
    return false;
  }
  task.state = State::kWaiting;
  task.wait = wait;
  return true;
}

void Interpreter::Abort(Task& task) {
  if (task.state != State::kWaiting || task.wait == Wait::kNursery) return;
  if (task.wait == Wait::kSlow) {
    Record("abort of " + std::to_string(task.slow_step->id));
    task.state = State::kAborting;
    return;
  }
  if (task.wait == Wait::kPark) std::erase(lots_[task.lot], &task);
  LeaveChannels(task);
  task.wake_time = kNever;
  Stop(task);
}

void Interpreter::Sleep(Task& task, int amount) {
  if (IsCancelled(*task.scope)) return Stop(task);
  if (amount <= 0) return Yield(task, true);
  BeginWait(task, Wait::kSleep);
  task.wake_time = now_ + amount;
  task.armed = ++clock_ticks_;
}

void Interpreter::Unpark(int lot, int count) {
  for (; count > 0 && !lots_[lot].empty(); --count) {
    MakeRunnable(*lots_[lot].front());
    lots_[lot].pop_front();
  }
}

void Interpreter::FinishSlow() {
  for (Task* task : std::exchange(slow_, {})) {
    if (task->state == State::kAborting && !task->slow_step->flag) {
      Stop(*task);
    } else {
      MakeRunnable(*task);
    }
  }
}

}  // namespace creche::model
