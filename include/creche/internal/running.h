// SPDX-License-Identifier: Apache-2.0
//
// Running: what this thread is doing right now, as far as coroutines need to
// know it.

#ifndef CRECHE_INTERNAL_RUNNING_H_
#define CRECHE_INTERNAL_RUNNING_H_

#include <coroutine>

namespace creche::internal {

class HookedContinuation;
class Scheduler;
class TaskRecord;

struct Running {
  // What the trampoline does when the frame it resumed gives control back:
  // resume `next`, else call `completed`'s hook, else end the task's step.
  std::coroutine_handle<> next;
  HookedContinuation* completed = nullptr;

  // Where the native stack must not grow beyond by nested calls of coroutines.
  const char* stack_floor = nullptr;

  TaskRecord* task = nullptr;
  Scheduler* scheduler = nullptr;

  // Operations that may still complete at once before the task has to let
  // others run.
  int operations_left = 0;
};

extern constinit thread_local Running running;

// True if a coroutine may be resumed from within another's frame. On most
// compilers and flags that makes the native stack grow (no tail call), so
// beyond some depth the trampoline takes over.
inline bool MayNest() {
  return static_cast<const char*>(__builtin_frame_address(0)) >
         running.stack_floor;
}

}  // namespace creche::internal

#endif  // CRECHE_INTERNAL_RUNNING_H_
