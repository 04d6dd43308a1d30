// SPDX-License-Identifier: Apache-2.0

#include "lib/core/print_task_tree.h"

#include <ostream>
#include <source_location>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

// A line of the tree that is still to be printed: a task, or a scope that one
// has entered.
struct Line {
  const TaskRecord* task = nullptr;
  const CancelNode* scope = nullptr;
  int depth = 0;
};

// How much of a task's call stack is printed.
constexpr int kCalls = 8;

void PrintLocation(const Frame& frame, std::ostream& out) {
  const std::source_location& at = frame.promise->await_location();
  out << at.file_name() << ":" << at.line();
}

// Where `frame` awaits, and its callers; `link` comes before the first.
void PrintCalls(Frame frame, const char* link, std::ostream& out) {
  for (int calls = 0; calls < kCalls && frame; frame = CallerOf(frame)) {
    if (!frame.handle) continue;  // An awaitable is where its caller awaits.
    out << link;
    PrintLocation(frame, out);
    link = " < ";
    ++calls;
  }
  if (frame) out << " < ...";
}

void PrintTask(const TaskRecord& task, std::ostream& out) {
  out << "task";
  if (!task.name_to_show().empty()) out << " '" << task.name_to_show() << "'";
  if (task.state() != TaskRecord::State::kRunning) {
    out << " waits for " << task.waits_for();
    PrintCalls(task.leaf(), " at ", out);
    return;
  }
  // Where the innermost call is, nobody knows before it awaits.
  out << " is running";
  if (running.frame == nullptr) return;
  PrintCalls(CallerOf(Frame{{}, running.frame}), ", called at ", out);
}

void PrintDeadline(Nanoseconds deadline, std::ostream& out) {
  const Nanoseconds now = ClockNow();
  if (deadline <= now) {
    out << ", deadline has passed";
  } else {
    out << ", deadline in "
        << absl::FormatDuration(absl::Nanoseconds(deadline - now));
  }
}

void PrintScope(const CancelNode& scope, std::ostream& out) {
  out << (scope.tasks() != nullptr ? "nursery" : "cancel scope");
  if (scope.shield()) out << ", shielded";
  if (scope.deadline() != kNever) PrintDeadline(scope.deadline(), out);
  if (scope.cancel_called()) {
    out << ", cancelled";
    if (!scope.reason().empty()) out << ": " << scope.reason();
  } else if (scope.is_cancelled()) {
    out << ", cancelled from outside";
  }
}

// Adds what lies below a line, last first.
void PushBelow(const Line& line, const CancelNode& home,
               std::vector<Line>& open) {
  if (line.task != nullptr) {
    // The scopes that the task has entered, innermost first.
    std::vector<const CancelNode*> entered;
    for (const CancelNode* scope = line.task->scope(); scope != &home;
         scope = scope->parent()) {
      entered.push_back(scope);
    }
    int depth = line.depth + static_cast<int>(entered.size());
    for (const CancelNode* scope : entered) {
      open.push_back({nullptr, scope, depth--});
    }
    return;
  }
  if (line.scope->tasks() == nullptr) return;
  std::vector<const TaskRecord*> children;
  for (const TaskRecord* task = line.scope->tasks()->front(); task != nullptr;
       task = line.scope->tasks()->after(task)) {
    children.push_back(task);
  }
  for (auto task = children.rbegin(); task != children.rend(); ++task) {
    open.push_back({*task, line.scope, line.depth + 1});
  }
}

}  // namespace

void PrintTaskTree(const CancelNode& root, std::ostream& out) {
  std::vector<Line> open;
  PushBelow({nullptr, &root, -1}, root, open);
  while (!open.empty()) {
    const Line line = open.back();
    open.pop_back();
    out << std::string(static_cast<size_t>(line.depth) * 2, ' ');
    if (line.task != nullptr) {
      PrintTask(*line.task, out);
    } else {
      PrintScope(*line.scope, out);
    }
    out << "\n";
    // A task's line names the scope it was started in.
    PushBelow(
        line.task != nullptr ? Line{line.task, nullptr, line.depth} : line,
        line.task != nullptr ? *line.scope : root, open);
  }
}

}  // namespace creche::internal
