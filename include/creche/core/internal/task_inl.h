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
#include "creche/core/internal/destroy_at_edge.h"
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

// A Task that was awaited, or moved from, is awaited.
[[noreturn]] void AwaitedAgain();

// The typed part of a continuation: starts the coroutine it owns and takes its
// result. `Base` is Continuation or Hooked<...>.
template <typename T, typename Base>
class Awaiting : public Base {
 public:
  using Handle = std::coroutine_handle<Promise<T>>;

  Awaiting() = default;
  [[gnu::always_inline]] ~Awaiting() {
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
      running.next = Frame(child);
      return false;
    }
    promise.set_observed_continuation(this);
    running.frame = Frame(child);
    PromiseBase::RunNested(child);
    if (promise.is_done()) [[likely]]
      return true;
    if (child.done()) [[unlikely]]
      promise.EndedWithoutResult();
    promise.StopObserving();
    return false;
  }

  // The same, from the scheduler's stack: the trampoline starts `child`, and
  // this continuation is told of its end in any case.
  void StartAwaitedFromTrampoline(Handle child) {
    CheckIsFresh(child);
    this->awaited_ = child;
    child.promise().set_continuation(this);
    FramePool::ExpectMore(child.address(),
                          child.promise().FrameSize(child.address()));
    running.next = Frame(child);
  }

  // Destroys the coroutine, which has a result. Its locals have gone, unless
  // Try() has ended it where it awaited. If a destructor of theirs throws, the
  // coroutine stays, with that as its result, and this returns false.
  bool DestroyAwaited() {
    if (awaited_promise().state() == State::kEarlyValue) [[unlikely]]
      return DestroyEndedByTry();
    DestroyEnded();
    return true;
  }

  // Takes the result, or throws. The coroutine's locals (if it ended early) and
  // arguments are gone before the caller goes on.
  T TakeResult() {
    if (awaited_promise().state() != State::kValue) [[unlikely]]
      return TakeUnusualResult(awaited_promise());
    if constexpr (std::is_void_v<T>) {
      DestroyEnded();
    } else {
      T result = awaited_promise().TakeValue();
      DestroyEnded();
      return result;
    }
  }

 private:
  using State = PromiseBase::State;

  // (The pointer is forgotten last, so that the compiler knows it in the
  // destructor.)
  void DestroyEnded() {
    DestroyAtEdge(this->awaited_);
    this->awaited_ = {};
  }

  // (The promise knows `this`. To pass that, too, would cost a register, and so
  // a store and a load in each call that awaits.)
  [[gnu::noinline]] static T TakeUnusualResult(Promise<T>& promise) {
    auto& self = static_cast<Awaiting&>(*promise.continuation());
    if (promise.state() == State::kException) self.RethrowResult();
    if constexpr (std::is_void_v<T>) {
      if (!self.DestroyEndedByTry()) self.RethrowResult();
    } else {
      T result = promise.TakeValue();
      if (!self.DestroyEndedByTry()) self.RethrowResult();
      return result;
    }
  }

  bool DestroyEndedByTry() {
    Promise<T>& promise = awaited_promise();
    promise.DropValue();
    promise.Observe();
    if (promise.DestroySuspended(this->awaited_)) {
      this->awaited_ = {};
      return true;
    }
    if (promise.state() != State::kException) CaughtAfterItsEnd();
    return false;
  }

  [[noreturn]] void RethrowResult() {
    const std::exception_ptr exception = awaited_promise().exception();
    DestroyAwaited();
    std::rethrow_exception(exception);
  }

  static void CheckIsFresh(Handle child) {
    if (!child) [[unlikely]]
      AwaitedAgain();
  }
};

template <typename T>
class [[nodiscard]] TaskAwaiter : public Awaiting<T, Continuation> {
 public:
  using CrecheAwaitable = void;
  using Handle = std::coroutine_handle<Promise<T>>;

  explicit TaskAwaiter(Handle child) noexcept { this->awaited_ = child; }

  bool await_ready() const noexcept { return false; }

  template <typename P>
  bool await_suspend(std::coroutine_handle<P> parent) {
    this->awaiting_ = Frame(parent);
    return !this->StartAwaited(Handle::from_address(this->awaited_.address()));
  }

  T await_resume() { return this->TakeResult(); }
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_TASK_INL_H_
