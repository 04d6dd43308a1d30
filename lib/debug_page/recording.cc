// SPDX-License-Identifier: Apache-2.0

#include "lib/debug_page/recording.h"

#include <cstddef>

#include "creche/core/instrument.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"
#include "lib/core/task_lines.h"

namespace creche::internal {
namespace {

constexpr std::size_t kMostTasks = 2000;
constexpr std::size_t kMostSteps = 20000;

}  // namespace

Recording::Recording() {
  trace_.BeforeRun();
  constexpr TreeLimits kKnown = {.lines = kMostTasks};
  for (const TaskLine& line : ListTasks(running.scheduler->root(), kKnown)) {
    if (line.task == nullptr) continue;
    TaskSpawned(TaskId(line.task, line.task->name_to_show()));
  }
  running.scheduler->AddInstrument(*this);
}

Recording::~Recording() { Stop(); }

void Recording::Stop() {
  if (has_stopped_) return;
  has_stopped_ = true;
  running.scheduler->RemoveInstrument(*this);
  if (steps_ < kMostSteps) trace_.AfterRun();
}

void Recording::TaskSpawned(const TaskId& task) {
  if (tasks_ == kMostTasks) return;
  ++tasks_;
  living_.insert(task.id());
  trace_.TaskSpawned(task);
}

void Recording::StepBegins(const TaskId& task) {
  if (steps_ == kMostSteps) return;
  if (!living_.contains(task.id())) TaskSpawned(task);
  if (!living_.contains(task.id())) return;
  stepping_ = task.id();
  trace_.StepBegins(task);
}

void Recording::StepEnds(const TaskId& task) {
  if (EndsStep(task)) trace_.StepEnds(task);
}

void Recording::TaskExited(const TaskId& task) {
  if (EndsStep(task)) trace_.TaskExited(task);
  living_.erase(task.id());
}

bool Recording::EndsStep(const TaskId& task) {
  if (stepping_ != task.id()) return false;
  stepping_ = nullptr;
  ++steps_;
  return true;
}

}  // namespace creche::internal
