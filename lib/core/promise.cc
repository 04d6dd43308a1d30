// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/promise.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/internal/destroy_at_edge.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/task.h"
#include "lib/core/file_of.h"

namespace creche::internal {

// A promise is part of every frame.
static_assert(sizeof(Promise<void>) == 3 * sizeof(void*));
static_assert(sizeof(Promise<int>) == sizeof(Promise<void>));
static_assert(sizeof(Promise<absl::Status>) == sizeof(Promise<void>));

void PromiseBase::EndedWithoutResult() const {
  Misuse(absl::StrCat(
      "a coroutine that returns a Task of a value ended without co_return: ",
      location().function_name(), ", which was last at ", FileOf(location()),
      ":", location().line()));
}

// To go on is no choice: on some compilers, an exception that leaves destroy()
// has left the frame behind.
void ArgumentsDestructorThrew() {
  Misuse(
      "the destructor of an argument of a coroutine has thrown: arguments of "
      "coroutines, and what is in their results, must not throw when they "
      "are destroyed");
}

void AwaitedAgain() {
  Misuse("a Task is awaited once: this one was awaited or moved before");
}

void CaughtAfterItsEnd() {
  Misuse(
      "a destructor has thrown in a coroutine that Try() had ended, and the "
      "coroutine has caught that to go on: let the exception pass");
}

void PromiseBase::CompleteAwaitable(Frame frame) noexcept {
  frame.promise().Complete();
}

}  // namespace creche::internal
