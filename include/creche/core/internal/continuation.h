// SPDX-License-Identifier: Apache-2.0
//
// Continuation: what waits for a coroutine to end, and what is told when it is
// destroyed instead.

#ifndef CRECHE_CORE_INTERNAL_CONTINUATION_H_
#define CRECHE_CORE_INTERNAL_CONTINUATION_H_

#include <coroutine>
#include <cstdint>

namespace creche::internal {

class PromiseBase;

// A place in a task's call stack: a suspended coroutine, or an awaitable that
// another awaitable awaits directly, which has a promise and no coroutine. One
// word: the address of the coroutine, or of the awaitable's promise.
class Frame {
 public:
  Frame() = default;
  explicit Frame(std::coroutine_handle<> coroutine)
      : bits_(reinterpret_cast<std::uintptr_t>(coroutine.address())) {}

  // Of an awaitable.
  static Frame WithoutCoroutine(PromiseBase& promise);

  explicit operator bool() const { return bits_ != 0; }

  // Requires of all: there is one.
  bool is_coroutine() const { return (bits_ & kNoCoroutine) == 0; }
  std::coroutine_handle<> coroutine() const {
    return std::coroutine_handle<>::from_address(
        reinterpret_cast<void*>(bits_));
  }
  PromiseBase& promise() const;

 private:
  static constexpr std::uintptr_t kNoCoroutine = 1;

  std::uintptr_t bits_ = 0;
};

// What a continuation wants to be told. Bits of a word.
enum class Hooks : std::uintptr_t {
  kNone = 0,
  kCompletion = 2,
  kUnwinding = 4,
  kBoth = kCompletion | kUnwinding,
};

// A continuation lives in the frame that awaits (or, for the outermost
// coroutine of a task, in the task's record) and owns the coroutine that it
// waits for. Continuations and frames alternate from the place where a task
// stands out to its root: that chain is the task's call stack.
//
//   frame -> its promise's continuation -> the frame that one lies in -> ...
//
// A coroutine ends in one of two ways:
// - It completes. Then the frame that awaits it goes on, or, if the
//   continuation has a hook for that, the scheduler calls `OnCompleted()`.
// - It is unwound: the scheduler destroys it, because its task was cancelled.
//   Then the frame that awaits it is destroyed next, or, if the continuation
//   has a hook for that, the scheduler calls `OnUnwound()`, which decides.
// Hooks run on the scheduler's stack, where no coroutine is active, so they may
// destroy frames.
//
// The promise that has a continuation knows its hooks. (Aligned so that the
// address leaves bits for them, on any machine.)
class alignas(8) Continuation {
 public:
  static constexpr Hooks kHooks = Hooks::kNone;

  Continuation() = default;
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  // The frame this continuation lies in; none for a task's root.
  Frame awaiting() const { return awaiting_; }

 protected:
  Frame awaiting_;

  // The coroutine that is waited for, while there is one.
  std::coroutine_handle<> awaited_;

 private:
  friend class Unwinder;
};

// A continuation that wants to be told.
class HookedContinuation : public Continuation {
 public:
  // The awaited coroutine has completed. Returns a frame to unwind from, or
  // none.
  virtual Frame OnCompleted() = 0;

  // The awaited coroutine was destroyed. Returns the frame to destroy next, or
  // none if the unwinding ends here (for now).
  virtual Frame OnUnwound() = 0;

 protected:
  ~HookedContinuation() = default;
};

// The base of those that want to be told `kWhich`.
template <Hooks kWhich>
class Hooked : public HookedContinuation {
 public:
  static constexpr Hooks kHooks = kWhich;

 protected:
  ~Hooked() = default;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CONTINUATION_H_
