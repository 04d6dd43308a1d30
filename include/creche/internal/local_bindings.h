// SPDX-License-Identifier: Apache-2.0
//
// LocalBindings: the values of task-local variables that a task sees.

#ifndef CRECHE_INTERNAL_LOCAL_BINDINGS_H_
#define CRECHE_INTERNAL_LOCAL_BINDINGS_H_

#include <memory>
#include <utility>

namespace creche::internal {

// An immutable list, innermost first, whose tails are shared by the tasks that
// have inherited them.
struct LocalBindings {
  const void* variable;
  std::shared_ptr<const void> value;
  std::shared_ptr<const LocalBindings> outer;
};

// The value of `variable` in the running task, or nullptr.
const void* FindLocal(const void* variable);

// Binds a variable in the running task for as long as this lives, which must be
// in a frame of that task.
class LocalBinding {
 public:
  LocalBinding(const void* variable, std::shared_ptr<const void> value);
  LocalBinding(const LocalBinding&) = delete;
  LocalBinding& operator=(const LocalBinding&) = delete;
  ~LocalBinding();
};

}  // namespace creche::internal

#endif  // CRECHE_INTERNAL_LOCAL_BINDINGS_H_
