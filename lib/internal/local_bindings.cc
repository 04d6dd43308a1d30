// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/local_bindings.h"

#include <memory>
#include <utility>

#include "creche/internal/running.h"
#include "creche/internal/task_record.h"

namespace creche::internal {

const void* FindLocal(const void* variable) {
  if (running.task == nullptr) return nullptr;
  for (const LocalBindings* binding = running.task->locals().get();
       binding != nullptr; binding = binding->outer.get()) {
    if (binding->variable == variable) return binding->value.get();
  }
  return nullptr;
}

LocalBinding::LocalBinding(const void* variable,
                           std::shared_ptr<const void> value) {
  TaskRecord& task = CurrentTask("TaskLocal::With()");
  task.set_locals(std::make_shared<const LocalBindings>(
      LocalBindings{variable, std::move(value), task.locals()}));
}

// Frames are destroyed innermost first, so the binding to undo is the task's
// innermost.
LocalBinding::~LocalBinding() {
  running.task->set_locals(running.task->locals()->outer);
}

}  // namespace creche::internal
