// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/cancel_points.h"

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "lib/core/file_of.h"

namespace creche::internal {
namespace {

const TaskRecord& RecordOf(const TaskId& task) {
  return *static_cast<const TaskRecord*>(task.id());
}

// The library's own coroutines say nothing to a user.
bool IsOfTheLibrary(absl::string_view file) {
  return absl::StrContains(file, "creche/core/internal/") ||
         absl::StrContains(file, "creche/testing/") ||
         absl::StartsWith(file, "lib/testing/");
}

// Where the task awaits, and where that is called from.
std::string Location(const TaskRecord& task) {
  std::string location;
  int calls = 0;
  for (Frame frame = task.leaf(); frame && calls < 4; frame = CallerOf(frame)) {
    // An awaitable is where its caller awaits.
    if (!frame.is_coroutine()) continue;
    const std::source_location& at = frame.promise().location();
    if (!IsOfTheLibrary(FileOf(at))) {
      absl::StrAppend(&location, calls++ == 0 ? " at " : " < ", FileOf(at), ":",
                      at.line());
    }
  }
  return location;
}

std::string Name(const TaskRecord& task) {
  if (task.name() != nullptr) return absl::StrCat("task '", *task.name(), "'");
  return task.nursery() == nullptr ? "the main task" : "a child task";
}

}  // namespace

void CancelPoints::StepBegins(const TaskId& task) {
  if (is_over_ || task.name() == kIgnoredTask) return;
  running.operations_left -= kWatchedOperations;
  Reach(RecordOf(task), RecordOf(task).leaf() ? "before it goes on from"
                                              : "before its first step");
}

void CancelPoints::StepEnds(const TaskId& task) {
  if (is_over_ || task.name() == kIgnoredTask) return;
  const TaskRecord& record = RecordOf(task);
  if (location_follows_) {
    location_follows_ = false;
    absl::StrAppend(&description_, Location(record));
  }
  if (record.is_waiting() && record.is_at_cancel_point()) {
    Reach(record, "while it waits for");
  }
}

void CancelPoints::PassesCancelPoint() {
  if (!is_over_) Reach(*running.task, nullptr);
}

// Where a task passes a point without waiting, the operation is not known
// before it has found out that it is cancelled.
void CancelPoints::Reach(const TaskRecord& task, const char* moment) {
  if (++count_ != chosen_) return;
  description_ = Name(task);
  if (moment == nullptr) {
    absl::StrAppend(&description_,
                    ", at an operation that can complete at once");
    location_follows_ = true;
  } else {
    absl::StrAppend(&description_, ", ", moment);
    if (task.leaf()) {
      absl::StrAppend(&description_, " ", task.waits_for(), Location(task));
    }
  }
  if (action_) action_();
}

}  // namespace creche::internal
