// SPDX-License-Identifier: Apache-2.0
//
// How a Task is awaited.

#ifndef CRECHE_CORE_INTERNAL_TASK_INL_H_
#define CRECHE_CORE_INTERNAL_TASK_INL_H_

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "creche/core/internal/continuation.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"

namespace creche::internal {

// The library's way to a Task's coroutine.
class TaskAccess {
 public:
  template <typename T>
  static std::coroutine_handle<Promise<T>> Release(Task<T>&& task) noexcept {
    return task.Release();
  }
};

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// A destructor has thrown in a coroutine that Try() had ended, which has caught
// that, and wants to go on.
[[noreturn]] void CaughtAfterItsEnd();

// The typed part of a continuation: starts the coroutine it owns and takes its
// result. `Base` is Continuation or HookedContinuation.
template <typename T, typename Base>
class Awaiting : public Base {
 public:
  using Handle = std::coroutine_handle<Promise<T>>;

  explicit Awaiting(Continuation::Kind kind) : Base(kind) {}
  ~Awaiting() {
    if (this->awaited_) DestroyAtEdge(this->awaited_);
  }

 protected:
  Promise<T>& awaited_promise() const {
    return Handle::from_address(this->awaited_.address()).promise();
  }

  // Runs `child` until it completes or waits. Returns true if it has completed;
  // otherwise this continuation will be told when it has.
  bool StartAwaited(Handle child) {
    CheckIsFresh(child);
    this->awaited_ = child;
    Promise<T>& promise = child.promise();
    if (!MayNest()) [[unlikely]] {
      promise.set_continuation(this);
      PromiseBase::Resume(Frame{child, &promise});
      return false;
    }
    promise.set_observed_continuation(this);
    running.frame = &promise;
    child.resume();
    if (promise.is_done()) {
      running.frame = this->awaiting_.promise;
      return true;
    }
    promise.set_continuation(this);
    return false;
  }

  // The same, from the scheduler's stack: the trampoline starts `child`, and
  // this continuation is told of its end in any case.
  void StartAwaitedFromTrampoline(Handle child) {
    CheckIsFresh(child);
    this->awaited_ = child;
    child.promise().set_continuation(this);
    PromiseBase::Resume(Frame{child, &child.promise()});
  }

  // Destroys the coroutine, which has a result. Its locals have gone, unless
  // Try() has ended it where it awaited. If a destructor of theirs throws, the
  // coroutine stays, with that as its result, and this returns false.
  bool DestroyAwaited() {
    if (this->awaited_.done()) [[likely]] {
      DestroyAtEdge(std::exchange(this->awaited_, {}));
      return true;
    }
    return DestroyEndedByTry();
  }

  // Takes the result, or throws. The coroutine's locals (if it ended early) and
  // arguments are gone before the caller goes on.
  T TakeResult() {
    if (awaited_promise().state() == PromiseBase::State::kException)
        [[unlikely]] {
      RethrowResult();
    }
    if constexpr (std::is_void_v<T>) {
      if (!DestroyAwaited()) [[unlikely]]
        RethrowResult();
    } else {
      T result = awaited_promise().TakeValue();
      if (!DestroyAwaited()) [[unlikely]]
        RethrowResult();
      return result;
    }
  }

 private:
  bool DestroyEndedByTry() {
    Promise<T>& promise = awaited_promise();
    promise.DropValue();
    promise.set_observed_continuation(this);
    if (promise.DestroySuspended(this->awaited_)) {
      this->awaited_ = {};
      return true;
    }
    if (promise.state() != PromiseBase::State::kException) CaughtAfterItsEnd();
    return false;
  }

  [[noreturn]] void RethrowResult() {
    const std::exception_ptr exception = awaited_promise().exception();
    DestroyAwaited();
    std::rethrow_exception(exception);
  }

  static void CheckIsFresh(Handle child) {
    if (!child) [[unlikely]] {
      Misuse("a Task is awaited once: this one was awaited or moved before");
    }
  }
};

template <typename T>
class [[nodiscard]] TaskAwaiter : public Awaiting<T, Continuation> {
 public:
  using CrecheAwaitable = void;
  using Handle = std::coroutine_handle<Promise<T>>;

  explicit TaskAwaiter(Handle child) noexcept
      : Awaiting<T, Continuation>(Continuation::Kind::kNoHook) {
    this->awaited_ = child;
  }

  bool await_ready() const noexcept { return false; }

  template <typename P>
  bool await_suspend(std::coroutine_handle<P> parent) {
    this->awaiting_ = Frame{parent, &parent.promise()};
    return !this->StartAwaited(Handle::from_address(this->awaited_.address()));
  }

  T await_resume() { return this->TakeResult(); }
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_TASK_INL_H_
