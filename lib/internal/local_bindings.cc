// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/local_bindings.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "creche/internal/running.h"
#include "creche/internal/task_record.h"

namespace creche::internal {

struct LocalBindings::Binding {
  const void* variable;
  std::shared_ptr<const void> value;
  LocalBindings outer;
  size_t references = 1;
};

void LocalBindings::Share() { ++first_->references; }

void LocalBindings::Release() {
  if (--first_->references == 0) delete first_;
}

LocalBindings LocalBindings::With(const void* variable,
                                  std::shared_ptr<const void> value) const {
  return LocalBindings(new Binding{variable, std::move(value), *this});
}

const LocalBindings& LocalBindings::outer() const { return first_->outer; }

const void* LocalBindings::Find(const void* variable) const {
  for (const Binding* binding = first_; binding != nullptr;
       binding = binding->outer.first_) {
    if (binding->variable == variable) return binding->value.get();
  }
  return nullptr;
}

const void* FindLocal(const void* variable) {
  if (running.task == nullptr) return nullptr;
  return running.task->locals().Find(variable);
}

LocalBinding::LocalBinding(const void* variable,
                           std::shared_ptr<const void> value) {
  TaskRecord& task = CurrentTask("TaskLocal::With()");
  task.set_locals(task.locals().With(variable, std::move(value)));
}

// Frames are destroyed innermost first, so the binding to undo is the task's
// innermost.
LocalBinding::~LocalBinding() {
  running.task->set_locals(running.task->locals().outer());
}

}  // namespace creche::internal
