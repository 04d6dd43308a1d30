// SPDX-License-Identifier: Apache-2.0
//
// TaskLocal: a value that follows a task and its children.
//
//   creche::TaskLocal<std::string> request_id;  // At namespace scope.
//
//   co_await request_id.With("r-42", Handle(request));
//
//   Log(*request_id.Get());  // Anywhere below Handle().

#ifndef CRECHE_CORE_TASK_LOCAL_H_
#define CRECHE_CORE_TASK_LOCAL_H_

#include <memory>
#include <optional>
#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/local_bindings.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"

namespace creche {

// Each With() gives the variable a value for its body. Child tasks inherit the
// values that whoever called StartSoon() or Start() had at that moment; what a
// task sets is never seen by its parent or its siblings.
//
// The object must outlive every task in which it has a value; make it a global.
template <typename T>
class TaskLocal {
 public:
  TaskLocal() = default;
  TaskLocal(const TaskLocal&) = delete;
  TaskLocal& operator=(const TaskLocal&) = delete;

  // The value in the running task, a copy; none if it has none, or if no task
  // is running.
  std::optional<T> Get() const {
    const void* value = internal::FindLocal(this);
    if (value == nullptr) return std::nullopt;
    return *static_cast<const T*>(value);
  }

  // Runs `body` (a Task, another awaitable, or a callable that returns one)
  // with this variable set to `value`. co_await gives the body's result.
  //
  // Cancellation: same as `body`.
  template <typename Body>
  CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto With(T value,
                                                           Body&& body) {
    CRECHE_REQUIRE_SAFE_CLOSURE(Body);
    return RunWith<Body>(std::make_shared<const T>(std::move(value)),
                         internal::AsyncBody<Body>(std::forward<Body>(body)));
  }

 private:
  CRECHE_CORO_TEMPLATES_BEGIN
  template <typename Body>
  CRECHE_CORO_OWNS_ARGUMENTS Task<internal::BodyResult<Body>> RunWith(
      std::shared_ptr<const T> value, internal::AsyncBody<Body> body) {
    internal::LocalBinding binding(this, std::move(value));
    co_return co_await body.MakeTask();
  }
  CRECHE_CORO_TEMPLATES_END
};

}  // namespace creche

#endif  // CRECHE_CORE_TASK_LOCAL_H_
