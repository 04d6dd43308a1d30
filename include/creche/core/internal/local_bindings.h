// SPDX-License-Identifier: Apache-2.0
//
// LocalBindings: the values of task-local variables that a task sees.

#ifndef CRECHE_CORE_INTERNAL_LOCAL_BINDINGS_H_
#define CRECHE_CORE_INTERNAL_LOCAL_BINDINGS_H_

#include <cstddef>
#include <memory>
#include <utility>

namespace creche::internal {

// An immutable list, with at most one value for each variable, whose tails are
// shared by the tasks that have inherited them. A value that another hides is
// not in it: otherwise a chain of tasks, each of which sets a value and starts
// the next, would keep all values for ever. Counted without a std::shared_ptr,
// which is twice as large: every task has one of these, and those of a run are
// on one thread.
class LocalBindings {
 public:
  LocalBindings() = default;
  LocalBindings(const LocalBindings& other) : first_(other.first_) {
    if (first_ != nullptr) [[unlikely]]
      Share();
  }
  LocalBindings(LocalBindings&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)) {}
  LocalBindings& operator=(LocalBindings other) noexcept {
    std::swap(first_, other.first_);
    return *this;
  }
  ~LocalBindings() {
    if (first_ != nullptr) [[unlikely]]
      Release();
  }

  // These, but `variable` has this value.
  LocalBindings With(const void* variable,
                     std::shared_ptr<const void> value) const;

  // What is bound to `variable`, or nullptr.
  const void* Find(const void* variable) const;

 private:
  struct Binding;

  explicit LocalBindings(Binding* first) : first_(first) {}
  Binding* FindBinding(const void* variable) const;
  LocalBindings Without(const Binding* hidden) const;
  void Share();
  void Release();

  Binding* first_ = nullptr;
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

 private:
  LocalBindings outside_;  // What the task sees again afterwards.
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_LOCAL_BINDINGS_H_
