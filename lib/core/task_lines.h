// SPDX-License-Identifier: Apache-2.0
//
// ListTasks: the tree of a run's tasks and scopes, line by line.

#ifndef CRECHE_LIB_CORE_TASK_LINES_H_
#define CRECHE_LIB_CORE_TASK_LINES_H_

#include <cstddef>
#include <limits>
#include <vector>

#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {

// A line of the tree: a task; or a scope that the task above has entered; or
// neither: here is more than is listed.
struct TaskLine {
  int depth = 0;
  const TaskRecord* task = nullptr;
  const CancelNode* scope = nullptr;
  // Of the latter kind: so many tasks, as far as that is known without counting
  // them; 0: unknown.
  std::size_t not_listed = 0;
};

// How much of a tree is listed.
struct TreeLimits {
  std::size_t lines = std::numeric_limits<std::size_t>::max();
  std::size_t children =
      std::numeric_limits<std::size_t>::max();  // Of a scope.
};

// What lies below `root`: below a task the scopes that it has entered,
// outermost first; below a nursery its children. Valid until the running task's
// step ends.
std::vector<TaskLine> ListTasks(const CancelNode& root, TreeLimits limits = {});

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_TASK_LINES_H_
