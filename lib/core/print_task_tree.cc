// SPDX-License-Identifier: Apache-2.0

#include "lib/core/print_task_tree.h"

#include <ostream>
#include <source_location>
#include <string>

#include "absl/time/time.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "lib/core/file_of.h"
#include "lib/core/scheduler.h"
#include "lib/core/task_lines.h"

namespace creche::internal {
namespace {

// How much of a task's call stack is printed.
constexpr int kCalls = 8;

void PrintLocation(Frame frame, std::ostream& out) {
  const std::source_location& at = frame.promise().location();
  out << FileOf(at) << ":" << at.line();
}

// Where `frame` awaits, and its callers; `link` comes before the first.
void PrintCalls(Frame frame, const char* link, std::ostream& out) {
  for (int calls = 0; calls < kCalls && frame; frame = CallerOf(frame)) {
    // An awaitable is where its caller awaits.
    if (!frame.is_coroutine()) continue;
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
  if (!running.frame) return;
  PrintCalls(CallerOf(running.frame), ", called at ", out);
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

}  // namespace

void PrintTaskTree(const CancelNode& root, std::ostream& out) {
  for (const TaskLine& line : ListTasks(root)) {
    out << std::string(static_cast<size_t>(line.depth) * 2, ' ');
    if (line.task != nullptr) {
      PrintTask(*line.task, out);
    } else {
      PrintScope(*line.scope, out);
    }
    out << "\n";
  }
}

}  // namespace creche::internal
