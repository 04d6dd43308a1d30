// SPDX-License-Identifier: Apache-2.0

#include "lib/core/task_lines.h"

#include <cstddef>
#include <vector>

#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {
namespace {

// A line that is still to be listed, with what lies below it.
struct OpenLine {
  TaskLine line;
  const CancelNode* home = nullptr;  // Of a task: what it was started in.
};

// A stack: the next line is the last. (Trees may be too deep for recursion.)
using OpenLines = std::vector<OpenLine>;

void PushScopes(const OpenLine& task, OpenLines& open) {
  const std::size_t begin = open.size();
  for (const CancelNode* scope = task.line.task->scope(); scope != task.home;
       scope = scope->parent()) {
    open.push_back({{0, nullptr, scope}});
  }
  int depth = task.line.depth + static_cast<int>(open.size() - begin);
  for (std::size_t i = begin; i < open.size(); ++i) {
    open[i].line.depth = depth--;
  }
}

void PushChildren(const CancelNode& nursery, int depth, std::size_t most,
                  OpenLines& open) {
  std::vector<const TaskRecord*> children;
  const TaskRecord* child = nursery.tasks()->front();
  for (; child != nullptr && children.size() < most;
       child = nursery.tasks()->after(child)) {
    children.push_back(child);
  }
  if (child != nullptr) {
    // The tasks beside main are in no nursery.
    const NurseryState* counted = child->nursery();
    open.push_back({{depth, nullptr, nullptr,
                     counted == nullptr ? 0 : counted->child_count() - most}});
  }
  for (auto task = children.rbegin(); task != children.rend(); ++task) {
    open.push_back({{depth, *task}, &nursery});
  }
}

}  // namespace

std::vector<TaskLine> ListTasks(const CancelNode& root, TreeLimits limits) {
  std::vector<TaskLine> lines;
  OpenLines open;
  PushChildren(root, 0, limits.children, open);
  while (!open.empty()) {
    if (lines.size() == limits.lines) {
      lines.push_back({});
      break;
    }
    const OpenLine next = open.back();
    open.pop_back();
    lines.push_back(next.line);
    if (next.line.task != nullptr) {
      PushScopes(next, open);
    } else if (next.line.scope != nullptr &&
               next.line.scope->tasks() != nullptr) {
      PushChildren(*next.line.scope, next.line.depth + 1, limits.children,
                   open);
    }
  }
  return lines;
}

}  // namespace creche::internal
