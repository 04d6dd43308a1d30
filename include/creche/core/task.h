// SPDX-License-Identifier: Apache-2.0
//
// Task<T>: a lazy coroutine that is owned by whoever awaits it.
//
//   creche::Task<int> Answer() { co_return 42; }
//
//   creche::Task<> Main() {
//     int answer = co_await Answer();
//     std::cout << answer << "\n";
//   }
//
// To run a Task beside its caller, give it to a nursery (core/nursery.h).

#ifndef CRECHE_CORE_TASK_H_
#define CRECHE_CORE_TASK_H_

#include <coroutine>
#include <type_traits>
#include <utility>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/destroy_at_edge.h"
#include "creche/core/internal/forward.h"
#include "creche/core/internal/promise.h"

namespace creche {

// A Task starts when it is awaited, exactly once, as an rvalue. Awaiting it is
// a call: it is neither a cancel point nor a schedule point by itself. A Task
// that is destroyed without having been awaited runs nothing.
//
// `T` is void or a movable object type. An exception that leaves the coroutine
// is rethrown where it is awaited. Frames come from a per-thread pool. A
// coroutine of a Task<T> that ends without co_return aborts.
//
// Cancellation: same as what the coroutine awaits. If it is cancelled, its
// frame is destroyed (so the destructors of its locals run), then its caller's,
// out to the cancelled scope. A destructor of a local that throws meanwhile, or
// when Try() ends the coroutine, turns that into its exception, which is
// rethrown where the coroutine is awaited; one of an argument aborts.
template <typename T = void>
class [[nodiscard]] CRECHE_CORO_TASK Task {
  static_assert(std::is_void_v<T> ||
                    (std::is_object_v<T> && std::is_move_constructible_v<T>),
                "creche: the result of a Task is void or a movable object");

 public:
  // For the compiler.
  using promise_type = internal::Promise<T>;
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  [[gnu::always_inline]] ~Task() { Destroy(); }

  internal::TaskAwaiter<T> operator co_await() && noexcept {
    return internal::TaskAwaiter<T>(Release());
  }

 private:
  friend promise_type;
  friend internal::TaskAccess;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}

  Handle Release() noexcept { return std::exchange(handle_, {}); }
  [[gnu::always_inline]] void Destroy() noexcept {
    if (handle_) internal::DestroyAtEdge(handle_);
  }

  Handle handle_;
};

}  // namespace creche

#include "creche/core/internal/task_inl.h"

#endif  // CRECHE_CORE_TASK_H_
