// SPDX-License-Identifier: Apache-2.0
//
// What a Task can await.

#ifndef CRECHE_CORE_INTERNAL_AWAITABLE_H_
#define CRECHE_CORE_INTERNAL_AWAITABLE_H_

#include <concepts>
#include <coroutine>

#include "creche/core/internal/continuation.h"

namespace creche {

template <typename T>
class Task;

namespace internal {

template <typename Awaitable>
concept TaskAwaitable = requires { typename Awaitable::CrecheAwaitable; };

template <typename T>
inline constexpr bool kIsTask = false;
template <typename T>
inline constexpr bool kIsTask<Task<T>> = true;

// An awaitable that does not ask who awaits it: with await_ready() and
// await_resume() it has SuspendIn(frame), which is called if it is not ready.
// It makes the task go on in `frame` later and returns true, or is ready after
// all and returns false.
template <typename Awaitable>
concept SuspendsInFrame = requires(Awaitable& awaitable, Frame frame) {
  { awaitable.SuspendIn(frame) } -> std::same_as<bool>;
};

// Awaits an awaitable where it is. g++ moves what await_transform() returns by
// rvalue reference into the frame once more; this is what it moves instead.
template <typename Awaitable>
class InPlace {
 public:
  explicit InPlace(Awaitable& awaitable) : awaitable_(awaitable) {}

  bool await_ready() const { return awaitable_.await_ready(); }
  template <typename P>
  auto await_suspend(std::coroutine_handle<P> handle) const {
    if constexpr (SuspendsInFrame<Awaitable>) {
      return awaitable_.SuspendIn(Frame(handle));
    } else {
      return awaitable_.await_suspend(handle);
    }
  }
  decltype(auto) await_resume() const { return awaitable_.await_resume(); }

 private:
  Awaitable& awaitable_;
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_AWAITABLE_H_
