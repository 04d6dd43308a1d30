// SPDX-License-Identifier: Apache-2.0
//
// TaskPlaces: where a task stands, kept without allocating.

#ifndef CRECHE_LIB_DEBUG_TASK_PLACES_H_
#define CRECHE_LIB_DEBUG_TASK_PLACES_H_

#include <array>
#include <cstddef>
#include <source_location>
#include <vector>

#include "creche/core/internal/continuation.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"

namespace creche::internal {

// The co_awaits that a task stands at, innermost first. Outlives the task: the
// places are constants of the program.
class TaskPlaces {
 public:
  TaskPlaces() = default;

  // From `leaf` outwards; none if there is no leaf. On the task's thread.
  explicit TaskPlaces(Frame leaf) { Add(leaf); }

  // The last co_await of the running task's innermost coroutine (or where that
  // is), and those of its callers. None if no code of a task runs.
  static TaskPlaces OfRunningTask() {
    return TaskPlaces(running.task == nullptr ? Frame() : running.frame);
  }

  std::vector<std::source_location> ToVector() const {
    return {places_.begin(), places_.begin() + size_};
  }

 private:
  void Add(Frame frame) {
    for (; frame && size_ < places_.size(); frame = CallerOf(frame)) {
      // An awaitable is where its caller awaits.
      if (!frame.is_coroutine()) continue;
      // So is a coroutine that has a result: a destructor of its locals runs.
      const std::source_location place = frame.promise().location();
      if (place.line() != 0) places_[size_++] = place;
    }
  }

  std::array<std::source_location, 8> places_ = {};
  std::size_t size_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_TASK_PLACES_H_
