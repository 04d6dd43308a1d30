// SPDX-License-Identifier: Apache-2.0
//
// Contest: several things that one task waits for, of which the first to happen
// ends the wait for the others.

#ifndef CRECHE_CORE_INTERNAL_CONTEST_H_
#define CRECHE_CORE_INTERNAL_CONTEST_H_

#include "creche/core/internal/task_record.h"
#include "creche/core/wait_context.h"

namespace creche::internal {

class Entrant;

// Since what happens does so on the one thread of the run, it wins at the
// moment when it happens: the others have left their queues before anybody else
// can look.
class Contest {
 public:
  Contest() = default;
  Contest(const Contest&) = delete;
  Contest& operator=(const Contest&) = delete;

  // `winner` has happened: the others are withdrawn. The caller wakes the task.
  virtual void Win(const Entrant& winner) = 0;

 protected:
  ~Contest() = default;

  // For the entrants of this contest, which the task of `context` waits for.
  WaitContext WithThis(const WaitContext& context) {
    return WaitContext(context.task_, this);
  }
};

// Something that a task waits for, by itself or in a contest.
class Entrant {
 public:
  // Requires: it was entered, and the task has not been resumed since.
  TaskRecord& task() const { return *task_; }

 protected:
  Entrant() = default;
  ~Entrant() = default;

  void Enter(const WaitContext& context) {
    task_ = &context.task_;
    contest_ = context.contest_;
  }

  // It has happened: the task is woken.
  void Win() {
    if (contest_ != nullptr) [[unlikely]]
      return WinContest();
    task_->Wake();
  }

 private:
  // Not inlined, so that Win() is.
  [[gnu::noinline, gnu::cold]] void WinContest() {
    contest_->Win(*this);
    task_->Wake();
  }

  // Since Enter(): an operation that completes at once does not pay for them.
  TaskRecord* task_;
  Contest* contest_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CONTEST_H_
