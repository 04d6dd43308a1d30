// SPDX-License-Identifier: Apache-2.0
//
// Promise: the part of a Task's coroutine frame that the library knows. It
// holds a continuation and a result, and nothing else that costs time.

#ifndef CRECHE_CORE_INTERNAL_PROMISE_H_
#define CRECHE_CORE_INTERNAL_PROMISE_H_

#include <bit>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/internal/running.h"

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
      return awaitable_.SuspendIn(Frame{handle, &handle.promise()});
    } else {
      return awaitable_.await_suspend(handle);
    }
  }
  decltype(auto) await_resume() const { return awaitable_.await_resume(); }

 private:
  Awaitable& awaitable_;
};

// What a std::source_location holds. As a parameter's default it costs less:
// g++ gives one of a class type a place in the coroutine's frame, which each
// co_await writes (of 88 bytes of a small coroutine, 16).
using PlaceInSource = const void*;

class PromiseBase {
 public:
  enum class State : unsigned char { kPending, kEnding, kValue, kException };

  PromiseBase()
      : size_(SizeUpTo(std::exchange(running.new_frame_end, nullptr))) {}
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  static void* operator new(std::size_t size) {
    void* const frame = FramePool::Allocate(size);
    running.new_frame_end = static_cast<const char*>(frame) + size;
    return frame;
  }
  static void operator delete(void* memory, std::size_t size) noexcept {
    FramePool::Free(memory, size);
  }

  // True from the moment when the coroutine has a result.
  bool is_done() const { return state_ >= State::kValue; }
  State state() const { return state_; }

  // Whether `address` is that of something in this coroutine's frame. (What is
  // before the promise belongs to the compiler.) Always false of an awaitable,
  // which is part of another frame.
  bool FrameContains(const volatile void* address) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(this);
    return reinterpret_cast<std::uintptr_t>(address) - begin < size_;
  }

  Continuation* continuation() const {
    return reinterpret_cast<Continuation*>(continuation_ & ~kObserved);
  }
  void set_continuation(Continuation* continuation) {
    continuation_ = reinterpret_cast<std::uintptr_t>(continuation);
  }
  // The same, for one that is not told when the coroutine has a result: it
  // looks for itself.
  void set_observed_continuation(Continuation* continuation) {
    continuation_ = reinterpret_cast<std::uintptr_t>(continuation) | kObserved;
  }

  // The co_await that the coroutine is at, or was last; before its first one,
  // where the coroutine is (g++: its end). For people.
  std::source_location location() const {
    return std::bit_cast<std::source_location>(location_);
  }

  // Tells whoever waits that there is a result.
  void Complete() noexcept {
    if ((continuation_ & kObserved) != 0) return;
    Continuation* const continuation = this->continuation();
    if (continuation->resumes_on_completion()) [[likely]] {
      Resume(continuation->awaiting());
    } else {
      running.completed = static_cast<HookedContinuation*>(continuation);
    }
  }

  // The task goes on in `frame`, as soon as the trampoline has control.
  static void Resume(const Frame& frame) noexcept {
    if (frame.handle) [[likely]] {
      running.next = frame.handle;
      running.frame = frame.promise;
    } else {
      frame.promise->Complete();
    }
  }

  // Destroys the coroutine that `handle` is of, where it has been suspended.
  // A destructor of its locals may throw: then the exception arises in the
  // coroutine, as it would with co_return, and it goes on, in a handler of its
  // own or to its end with that exception. Returns false if so: it still
  // exists.
  bool DestroySuspended(std::coroutine_handle<> handle) {
    state_ = State::kEnding;
    const PromiseBase* const self = this;
    handle.destroy();
    return std::exchange(running.ended, nullptr) == self;
  }

  std::suspend_always initial_suspend(
      PlaceInSource location = __builtin_source_location()) noexcept {
    location_ = location;
    return {};
  }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> handle) const noexcept {
      if constexpr (!std::is_void_v<typename P::Value>) {
        if (!handle.promise().is_done()) [[unlikely]]
          handle.promise().EndedWithoutResult();
      }
      handle.promise().Complete();
    }
    void await_resume() const noexcept {}
  };
  FinalAwaiter final_suspend() const noexcept { return {}; }

  // Only awaitables of this library can be awaited: anything else would resume
  // the coroutine behind the scheduler's back.
  template <typename Awaitable>
  decltype(auto) await_transform(
      Awaitable&& awaitable,
      PlaceInSource location = __builtin_source_location()) {
    using Type = std::remove_cvref_t<Awaitable>;
    static_assert(
        TaskAwaitable<Type>,
        "creche: a Task can only await creche's own awaitables (another Task, "
        "an operation of the library); to wait for something else, wrap it in "
        "creche::Suspend()");
    static_assert(
        !std::is_lvalue_reference_v<Awaitable> ||
            !requires { typename Type::CrecheAwaitOnce; },
        "creche: an operation is awaited once, as an rvalue: write "
        "co_await std::move(operation)");
    location_ = location;
    if constexpr (kIsTask<Type>) {
      return std::move(awaitable).operator co_await();
    } else {
      return InPlace<std::remove_reference_t<Awaitable>>(awaitable);
    }
  }

 protected:
  ~PromiseBase() {
    if (state_ == State::kEnding) [[unlikely]]
      running.ended = this;
  }

  State state_ = State::kPending;

 private:
  static constexpr std::uintptr_t kObserved = 1;

  std::uint32_t SizeUpTo(const char* end) const {
    if (end == nullptr) return 0;
    return static_cast<std::uint32_t>(end -
                                      reinterpret_cast<const char*>(this));
  }
  [[noreturn]] void EndedWithoutResult() const;

  const std::uint32_t size_;         // From here to the frame's end.
  std::uintptr_t continuation_ = 0;  // And kObserved.
  PlaceInSource location_ = nullptr;
};

[[noreturn]] void ArgumentsDestructorThrew();

// Destroys a coroutine that has not begun, or has ended: only its arguments,
// and a result, are left. Aborts if a destructor of theirs throws.
inline void DestroyAtEdge(std::coroutine_handle<> handle) noexcept {
  CRECHE_TRY { handle.destroy(); }
  CRECHE_CATCH_ALL { ArgumentsDestructorThrew(); }
}

// For a frame that has neither a coroutine nor a result.
class PlaceholderPromise final : public PromiseBase {};

// The frame that awaits `frame`; none at a task's root.
inline Frame CallerOf(const Frame& frame) {
  const Continuation* continuation = frame.promise->continuation();
  return continuation == nullptr ? Frame() : continuation->awaiting();
}

// The result of a coroutine: none yet, a value, or an exception.
template <typename T>
class Promise : public PromiseBase {
 public:
  using Value = T;

  Promise() {}  // NOLINT(modernize-use-equals-default): leaves the union empty.
  ~Promise() {
    if (state_ == State::kValue) std::destroy_at(std::addressof(value_));
    if (state_ == State::kException) std::destroy_at(&exception_);
  }

  // Requires: there is one.
  void DropValue() {
    state_ = State::kPending;
    std::destroy_at(std::addressof(value_));
  }

  Task<T> get_return_object() noexcept;

  template <typename U = T>
  void return_value(U&& value) noexcept(
      std::is_nothrow_constructible_v<T, U&&>) {
    static_assert(std::is_constructible_v<T, U&&>,
                  "creche: co_return is given something of which no T can be "
                  "made, where the coroutine's return type is Task<T>");
    new (std::addressof(value_)) T(std::forward<U>(value));
    state_ = State::kValue;
  }

  void unhandled_exception() noexcept {
    // The value may have been there already: its coroutine threw while its
    // locals were being destroyed.
    if (state_ == State::kValue) std::destroy_at(std::addressof(value_));
    new (&exception_) std::exception_ptr(std::current_exception());
    state_ = State::kException;
  }

  const T& value() const { return value_; }
  const std::exception_ptr& exception() const { return exception_; }

  // Requires: there is one.
  T TakeValue() { return std::move(value_); }

  // Moves the result out, or throws. Requires: is_done().
  T Take() {
    if (state_ == State::kException) [[unlikely]] {
      std::rethrow_exception(std::move(exception_));
    }
    return TakeValue();
  }

 private:
  union {
    T value_;
    std::exception_ptr exception_;
  };
};

template <>
class Promise<void> : public PromiseBase {
 public:
  using Value = void;

  Task<void> get_return_object() noexcept;

  void return_void() noexcept { state_ = State::kValue; }

  // Requires: it has returned.
  void DropValue() { state_ = State::kPending; }

  void unhandled_exception() noexcept {
    exception_ = std::current_exception();
    state_ = State::kException;
  }

  const std::exception_ptr& exception() const { return exception_; }

  void Take() {
    if (state_ == State::kException) [[unlikely]] {
      std::rethrow_exception(std::move(exception_));
    }
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_PROMISE_H_
