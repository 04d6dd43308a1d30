// SPDX-License-Identifier: Apache-2.0
//
// Contest: several waits of one task, of which the first to complete ends the
// others.

#ifndef CRECHE_CORE_INTERNAL_CONTEST_H_
#define CRECHE_CORE_INTERNAL_CONTEST_H_

namespace creche::internal {

// Since a wait that completes does so on the one thread of the run, it wins at
// the moment when it completes: the others have left their queues before
// anybody else can look.
class Contest {
 public:
  Contest() = default;
  Contest(const Contest&) = delete;
  Contest& operator=(const Contest&) = delete;

  // `wait` has completed: the others are withdrawn. The caller wakes the task.
  virtual void Win(const void* wait) = 0;

 protected:
  ~Contest() = default;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CONTEST_H_
