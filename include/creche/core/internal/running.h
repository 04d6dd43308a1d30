// SPDX-License-Identifier: Apache-2.0
//
// Running: what this thread is doing right now, as far as coroutines need to
// know it.

#ifndef CRECHE_CORE_INTERNAL_RUNNING_H_
#define CRECHE_CORE_INTERNAL_RUNNING_H_

#include <cstddef>
#include <cstdint>

#include "creche/core/internal/continuation.h"

namespace creche::internal {

class RunQueue;
class Scheduler;
class TaskRecord;

// Sees the cancel points where a task does not wait. For the testing kit.
//
// It is told where an operation that can complete at once asks whether it may,
// in steps for which it has taken kWatchedOperations off the budget (so that
// only watched tasks leave the fast path), and at CheckpointIfCancelled().
//
// There can be any number on a thread, for the same task or for different ones.
// They come and go in any order: each watches from its construction to its
// destruction.
class CancelPointWatcher {
 public:
  CancelPointWatcher(const CancelPointWatcher&) = delete;
  CancelPointWatcher& operator=(const CancelPointWatcher&) = delete;

  // The running task passes a cancel point. Tells all watchers of this thread.
  static void TellAll();

 protected:
  CancelPointWatcher();
  ~CancelPointWatcher();

 private:
  // May cancel the running task.
  virtual void PassesCancelPoint() = 0;

  CancelPointWatcher* next_;
};

inline constexpr int kWatchedOperations = 1 << 30;

inline constexpr std::uint64_t kTaskIdsInBlock = std::uint64_t{1} << 16;

// What coroutines tell the trampoline, and each other.
struct Trampoline {
  // What the trampoline does when the frame it resumed gives control back:
  // resume `next`, else call `completed`'s hook, else end the task's step.
  Frame next;
  HookedContinuation* completed = nullptr;

  // The innermost frame of the running task, whose code runs; none where no
  // coroutine does.
  Frame frame;

  // Where the memory ends that was allocated for a frame whose promise is not
  // made yet.
  const char* new_frame_end = nullptr;

  // Of the last frame that was destroyed while it was State::kEnding.
  const PromiseBase* ended = nullptr;

  // Where the native stack must not grow beyond by nested calls of coroutines.
  const char* stack_floor = nullptr;
};

// The run of this thread, and the task whose step it is.
struct CurrentRun {
  TaskRecord* task = nullptr;
  Scheduler* scheduler = nullptr;

  // The run's tasks that can run, how many tasks it has, and whether somebody
  // wants to be told.
  RunQueue* runnable = nullptr;
  std::size_t living = 0;
  bool has_instruments = false;

  // The state of NextChoice().
  std::uint32_t choices = 1;

  // The id of the newest task of this thread, which takes ids by the block: no
  // two tasks of a process have the same.
  std::uint64_t newest_task_id = kTaskIdsInBlock - 1;
};

// What keeps a task that need not wait from keeping others waiting.
struct Budget {
  // Operations that may still complete at once before the task has to let
  // others run.
  int operations_left = 0;

  // Linked by their next_.
  CancelPointWatcher* watchers = nullptr;
};

// All that a thread knows of its run. One variable, so that its parts have one
// address that the compiler looks up once.
struct Running : Trampoline, CurrentRun, Budget {};

extern constinit thread_local Running running;

// Sets `running.newest_task_id` to the first of a block of ids. None is 0.
void TakeBlockOfTaskIds();

inline std::uint64_t NewTaskId() {
  if (++running.newest_task_id % kTaskIdsInBlock == 0) [[unlikely]] {
    TakeBlockOfTaskIds();
  }
  return running.newest_task_id;
}

// One of 0 ... n - 1, for choices that must be fair. The sequence is the same
// in every run with the same seed. (xorshift32: Marsaglia, "Xorshift RNGs",
// 2003.)
inline std::uint32_t NextChoice(std::uint32_t n) {
  std::uint32_t x = running.choices;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  running.choices = x;
  return static_cast<std::uint32_t>((std::uint64_t{x} * n) >> 32);
}

// True if a coroutine may be resumed from within another's frame. On most
// compilers and flags that makes the native stack grow (no tail call), so
// beyond some depth the trampoline takes over.
inline bool MayNest() {
  return static_cast<const char*>(__builtin_frame_address(0)) >
         running.stack_floor;
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_RUNNING_H_
