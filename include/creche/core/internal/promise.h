// SPDX-License-Identifier: Apache-2.0
//
// Promise: the part of a Task's coroutine frame that the library knows. It
// holds a continuation and a result, and nothing else that costs time.

#ifndef CRECHE_CORE_INTERNAL_PROMISE_H_
#define CRECHE_CORE_INTERNAL_PROMISE_H_

#include <bit>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "creche/core/internal/awaitable.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/internal/in_frame.h"
#include "creche/core/internal/running.h"

namespace creche {

template <typename T>
class Task;

namespace internal {

// What a std::source_location holds. As a parameter's default it costs less:
// g++ gives one of a class type a place in the coroutine's frame, which each
// co_await writes (of 88 bytes of a small coroutine, 16).
using PlaceInSource = const void*;

class PromiseBase {
 public:
  // Bits, so that each question is one test: whether there is a result, whether
  // that came early, and whether the destructor has more to do than usual.
  enum class State : unsigned char {
    kPending = 0b000,
    kEnding = 0b010,      // Being destroyed where it awaits.
    kValue = 0b001,       // Has returned.
    kEarlyValue = 0b101,  // Ended by Try(): it is where it awaits that.
    kException = 0b011,
  };

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

  State state() const { return state_; }
  // True from the moment when the coroutine has a result.
  bool is_done() const { return Has(kResultBit); }

  // Whether `address` is that of something in this coroutine's frame. (What is
  // before the promise belongs to the compiler.) Always false of an awaitable,
  // which is part of another frame.
  bool FrameContains(const volatile void* address) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(this);
    return reinterpret_cast<std::uintptr_t>(address) - begin < size_;
  }

  // Of the frame at `begin`, which this is the promise of.
  std::size_t FrameSize(const void* begin) const {
    return static_cast<std::size_t>(reinterpret_cast<const char*>(this) -
                                    static_cast<const char*>(begin)) +
           size_;
  }

  Continuation* continuation() const {
    return reinterpret_cast<Continuation*>(continuation_ & ~kFlags);
  }
  // `C` is the continuation's class, which knows its hooks.
  template <typename C>
  void set_continuation(C* continuation) {
    continuation_ = WithHooks(continuation);
  }
  // The same, for one that is not told when the coroutine has a result: it
  // looks for itself, until it stops observing.
  template <typename C>
  void set_observed_continuation(C* continuation) {
    continuation_ = WithHooks(continuation) | kObserved;
  }
  void Observe() { continuation_ |= kObserved; }
  void StopObserving() { continuation_ &= ~kObserved; }
  bool HasHook(Hooks which) const {
    return (continuation_ & static_cast<std::uintptr_t>(which)) != 0;
  }

  // The co_await that the coroutine is at, or was last; before its first one,
  // where the coroutine is (g++: its end). Nothing once there is a result. For
  // people.
  std::source_location location() const {
    if (is_done()) return {};
    return std::bit_cast<std::source_location>(place_);
  }

  // Requires: it has ended with one.
  const std::exception_ptr& exception() const { return exception_; }

  // There is a result: tells whoever waits for it, or gives control back to
  // whoever observes.
  void Complete() noexcept {
    if (is_observed()) {
      running.frame = continuation()->awaiting();
    } else if (!HasHook(Hooks::kCompletion)) [[likely]] {
      Resume(continuation()->awaiting());
    } else {
      running.completed = &static_cast<HookedContinuation&>(*continuation());
    }
  }

  // The task goes on in `frame`, as soon as the trampoline has control.
  static void Resume(Frame frame) noexcept {
    if (frame.is_coroutine()) [[likely]] {
      running.next = frame;
    } else {
      CompleteAwaitable(frame);
    }
  }

  // Resumes the coroutine that `handle` is of. No exception leaves it.
  static void RunNested(std::coroutine_handle<> handle) noexcept {
    handle.resume();
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

  // Aborts: a coroutine has ended, and there is no result.
  [[noreturn]] void EndedWithoutResult() const;

  std::suspend_always initial_suspend(
      PlaceInSource location = __builtin_source_location()) noexcept {
    place_ = location;
    return {};
  }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> handle) const noexcept {
      P& promise = handle.promise();
      if constexpr (!std::is_void_v<typename P::Value>) {
        // (An observer sees that for itself.)
        if (!promise.is_observed() && !promise.is_done()) [[unlikely]]
          promise.EndedWithoutResult();
      }
      promise.Complete();
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
    place_ = location;
    if constexpr (kIsTask<Type>) {
      return std::move(awaitable).operator co_await();
    } else {
      return InPlace<std::remove_reference_t<Awaitable>>(awaitable);
    }
  }

 protected:
  ~PromiseBase() {}  // NOLINT(modernize-use-equals-default): there is a union.

  bool has_value() const {
    return Has(kResultBit) && state_ != State::kException;
  }

  // Whether the destructor has more to do than to destroy a value: what, does
  // EndUnusually().
  bool is_unusual() const { return Has(kUnusualBit); }
  void EndUnusually() {
    if (state_ == State::kException) {
      std::destroy_at(&exception_);
    } else {
      running.ended = this;
    }
  }

  void EndWithException() noexcept {
    new (&exception_) std::exception_ptr(std::current_exception());
    state_ = State::kException;
  }
  void RethrowException() const {
    if (state_ == State::kException) [[unlikely]]
      std::rethrow_exception(exception_);
  }

 private:
  static constexpr unsigned char kResultBit = 0b001;
  static constexpr unsigned char kUnusualBit = 0b010;
  bool Has(unsigned char bit) const {
    return (static_cast<unsigned char>(state_) & bit) != 0;
  }

  static constexpr std::uintptr_t kObserved = 1;
  static constexpr std::uintptr_t kFlags =
      kObserved | static_cast<std::uintptr_t>(Hooks::kBoth);

  bool is_observed() const { return (continuation_ & kObserved) != 0; }

  // Not inlined: Resume() is part of every coroutine.
  static void CompleteAwaitable(Frame frame) noexcept;

  template <typename C>
  static std::uintptr_t WithHooks(C* continuation) {
    return reinterpret_cast<std::uintptr_t>(
               static_cast<Continuation*>(continuation)) |
           static_cast<std::uintptr_t>(C::kHooks);
  }

  std::uint32_t SizeUpTo(const char* end) const {
    if (end == nullptr) return 0;
    return static_cast<std::uint32_t>(end -
                                      reinterpret_cast<const char*>(this));
  }

 protected:
  const std::uint32_t size_;  // From here to the frame's end.
  State state_ = State::kPending;
  std::uintptr_t continuation_;  // Its hooks, and kObserved, too.

  // One word for all, so that frames are small: the place while there is no
  // result; then the exception, or the value if it fits (kFitsInWord).
  union {
    PlaceInSource place_;
    std::exception_ptr exception_;
    alignas(void*) unsigned char word_[sizeof(void*)];
  };
};

inline Frame Frame::WithoutCoroutine(PromiseBase& promise) {
  Frame frame;
  frame.bits_ = reinterpret_cast<std::uintptr_t>(&promise) | kNoCoroutine;
  return frame;
}

// The compilers' own function finds a coroutine's. It asks for the promise's
// alignment, and all that an InFrame allows give the same place.
inline PromiseBase& Frame::promise() const {
  if (!is_coroutine()) {
    return *reinterpret_cast<PromiseBase*>(bits_ & ~kNoCoroutine);
  }
  return std::coroutine_handle<PromiseBase>::from_address(
             reinterpret_cast<void*>(bits_))
      .promise();
}

// The frame that awaits `frame`; none at a task's root.
inline Frame CallerOf(Frame frame) {
  return frame.promise().continuation()->awaiting();
}

// The result of a coroutine: none yet, a value, or an exception.
template <typename T>
class Promise : public PromiseBase {
 public:
  using Value = T;

  Promise() = default;
  ~Promise() {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (has_value()) DestroyValue();
    }
    if (is_unusual()) [[unlikely]]
      EndUnusually();
  }

  // Requires: there is one.
  void DropValue() {
    state_ = State::kPending;
    DestroyValue();
    if constexpr (kFitsInWord<T>) place_ = nullptr;
  }

  Task<T> get_return_object() noexcept;

  template <typename U = T>
  void return_value(U&& value) noexcept(
      std::is_nothrow_constructible_v<T, U&&>) {
    static_assert(std::is_constructible_v<T, U&&>,
                  "creche: co_return is given something of which no T can be "
                  "made, where the coroutine's return type is Task<T>");
    if constexpr (kFitsInWord<T>) {
      T result(std::forward<U>(value));
      new (word_) T(std::move(result));
    } else {
      new (std::addressof(room_.value)) InFrame<T>(std::forward<U>(value));
    }
    state_ = State::kValue;
  }

  // The coroutine has ended where it awaits, with `value`.
  template <typename U>
  void ReturnEarly(U&& value) {
    return_value(std::forward<U>(value));
    state_ = State::kEarlyValue;
  }

  void unhandled_exception() noexcept {
    // The value may have been there already: its coroutine threw while its
    // locals were being destroyed.
    if (has_value()) DestroyValue();
    EndWithException();
  }

  const T& value() const { return const_cast<Promise*>(this)->stored(); }

  // Requires: there is one.
  T TakeValue() { return std::move(static_cast<T&>(stored())); }

  // Moves the result out, or throws. Requires: is_done().
  T Take() {
    RethrowException();
    return TakeValue();
  }

 private:
  InFrame<T>& stored() {
    if constexpr (kFitsInWord<T>) {
      return *std::launder(reinterpret_cast<T*>(word_));
    } else {
      return room_.value;
    }
  }
  void DestroyValue() { std::destroy_at(std::addressof(stored())); }

  [[no_unique_address]] std::conditional_t<kFitsInWord<T>, NoRoom, RoomFor<T>>
      room_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  using Value = void;

  Promise() = default;
  ~Promise() {
    if (is_unusual()) [[unlikely]]
      EndUnusually();
  }

  Task<void> get_return_object() noexcept;

  void return_void() noexcept { state_ = State::kValue; }

  // Requires: it has returned.
  void DropValue() { state_ = State::kPending; }

  void unhandled_exception() noexcept { EndWithException(); }

  void Take() { RethrowException(); }
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_PROMISE_H_
