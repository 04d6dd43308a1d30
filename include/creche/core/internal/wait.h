// SPDX-License-Identifier: Apache-2.0
//
// Wait: how a task waits, and how that is undone.
//
// A task waits in one way, whatever for. What it waits in is the awaiter: it
// lives in the frame that awaits it, and stays there until the wait has ended.
//
//   bool SuspendIn(Frame leaf) {                        // of an awaiter
//     TaskRecord& task = *running.task;
//     if (task.UnwindsIfCancelled(leaf)) return true;   // 1
//     queue_.PushBack(*this);                           // 2
//     task.Wait(leaf, *this);                           // 3
//     return true;
//   }
//   const char* wait_name() const { return "Queue"; }
//   Abort OnCancel() {                                  // 4
//     queue_.Remove(*this);
//     return Abort::kDone;
//   }
//
// 1. A task that is cancelled begins nothing: it is unwound.
// 2. Somebody is told to end the wait: a queue, the kernel, another thread.
// 3. From here the task is TaskRecord::State::kWaiting, until one of these:
//    - Wake(): what the task waits for has happened. The task is resumed when
//      its turn comes; a cancellation is seen at its next checkpoint.
//    - WakeToCheck(): it may have happened. When the task's turn comes,
//      MayResume() decides whether the task is resumed or waits again.
//    - CancelNode cancels a scope around the task, and RequestAbort() calls
// 4. OnCancel(), once. It answers kDone: nothing has happened, nobody will wake
//    the task, which is unwound when its turn comes. Or kPending: it cannot be
//    stopped at once (as an operation in the kernel); then Wake() follows if it
//    has happened after all, else WakeAborted().
//
// TaskRecord::WaitUnlessReady() is 1 to 3, for awaiters that may be ready at
// once, or that Select() can wait for. What the kernel is to end is a
// TaskOperation (uring/).

#ifndef CRECHE_CORE_INTERNAL_WAIT_H_
#define CRECHE_CORE_INTERNAL_WAIT_H_

#include "creche/core/abort.h"

namespace creche::internal {

// What can be done to a wait: one constant table for each class of awaiters.
struct WaitKind {
  // Null: the wait cannot be cancelled.
  Abort (*on_cancel)(void* wait);
  // Called in the task's step, after WakeToCheck(). False: the task waits
  // again, or is to be unwound.
  bool (*may_resume)(void* wait);
};

// Of a class that has OnCancel(), and may have MayResume(): without that, what
// may have happened has happened.
template <typename Wait>
struct WaitKindOf {
  static Abort OnCancel(void* wait) {
    return static_cast<Wait*>(wait)->OnCancel();
  }
  static bool MayResume(void* wait) {
    if constexpr (requires(Wait& w) { w.MayResume(); }) {
      return static_cast<Wait*>(wait)->MayResume();
    } else {
      return true;
    }
  }
  static constexpr WaitKind kKind = {&OnCancel, &MayResume};
};

// Ended by Wake() only.
inline constexpr WaitKind kCannotBeCancelled = {nullptr, nullptr};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_WAIT_H_
