// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/local_bindings.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {

struct LocalBindings::Binding {
  const void* variable;
  std::shared_ptr<const void> value;
  LocalBindings rest;
  size_t references = 1;
};

void LocalBindings::Share() { ++first_->references; }

// Without recursion: there may be many variables.
void LocalBindings::Release() {
  while (first_ != nullptr && --first_->references == 0) {
    Binding* freed = first_;
    first_ = std::exchange(freed->rest.first_, nullptr);
    delete freed;
  }
}

LocalBindings LocalBindings::With(const void* variable,
                                  std::shared_ptr<const void> value) const {
  const Binding* hidden = FindBinding(variable);
  return LocalBindings(new Binding{
      variable, std::move(value), hidden == nullptr ? *this : Without(hidden)});
}

// What lies before `hidden` is copied, what lies behind it is shared.
LocalBindings LocalBindings::Without(const Binding* hidden) const {
  LocalBindings copy;
  LocalBindings* end = &copy;
  for (const Binding* binding = first_; binding != hidden;
       binding = binding->rest.first_) {
    end->first_ = new Binding{binding->variable, binding->value, {}};
    end = &end->first_->rest;
  }
  *end = hidden->rest;
  return copy;
}

LocalBindings::Binding* LocalBindings::FindBinding(const void* variable) const {
  Binding* binding = first_;
  while (binding != nullptr && binding->variable != variable) {
    binding = binding->rest.first_;
  }
  return binding;
}

const void* LocalBindings::Find(const void* variable) const {
  const Binding* binding = FindBinding(variable);
  return binding == nullptr ? nullptr : binding->value.get();
}

const void* FindLocal(const void* variable) {
  if (running.task == nullptr) return nullptr;
  return running.task->locals().Find(variable);
}

LocalBinding::LocalBinding(const void* variable,
                           std::shared_ptr<const void> value) {
  TaskRecord& task = CurrentTask("TaskLocal::With()");
  outside_ = task.locals();
  task.set_locals(outside_.With(variable, std::move(value)));
}

// Frames are destroyed innermost first, so the binding to undo is the task's
// newest.
LocalBinding::~LocalBinding() { running.task->set_locals(std::move(outside_)); }

}  // namespace creche::internal
