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
// another awaitable awaits directly, which has no handle.
struct Frame {
  std::coroutine_handle<> handle;
  PromiseBase* promise = nullptr;

  explicit operator bool() const { return promise != nullptr; }
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
//   continuation has a completion hook, the scheduler calls `OnCompleted()`.
// - It is unwound: the scheduler destroys it, because its task was cancelled.
//   Then the frame that awaits it is destroyed next, or, if the continuation is
//   a boundary, the scheduler calls `OnUnwound()` and the boundary decides.
// Hooks run on the scheduler's stack, where no coroutine is active, so they may
// destroy frames.
class Continuation {
 public:
  enum class Kind : std::uint8_t {
    // Completion resumes `awaiting`; unwinding passes through.
    kNoHook,
    // Completion resumes `awaiting`; unwinding calls OnUnwound().
    kUnwindHook,
    // Completion calls OnCompleted(); unwinding calls OnUnwound().
    kBothHooks,
    // Completion calls OnCompleted(); unwinding passes through.
    kCompletionHook,
  };

  explicit Continuation(Kind kind) : kind_(kind) {}
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  Kind kind() const { return kind_; }
  bool resumes_on_completion() const {
    return kind_ == Kind::kNoHook || kind_ == Kind::kUnwindHook;
  }
  bool is_boundary() const {
    return kind_ == Kind::kUnwindHook || kind_ == Kind::kBothHooks;
  }

  // The frame this continuation lies in; none for a task's root.
  const Frame& awaiting() const { return awaiting_; }

 protected:
  Frame awaiting_;

  // The coroutine that is waited for, while there is one.
  std::coroutine_handle<> awaited_;

 private:
  friend class Unwinder;

  const Kind kind_;
};

// A continuation that wants to be told.
class HookedContinuation : public Continuation {
 public:
  using Continuation::Continuation;

  // The awaited coroutine has completed. Returns a frame to unwind from, or
  // none.
  virtual Frame OnCompleted() = 0;

  // The awaited coroutine was destroyed. Returns the frame to destroy next, or
  // none if the unwinding ends here (for now).
  virtual Frame OnUnwound() = 0;

 protected:
  ~HookedContinuation() = default;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CONTINUATION_H_
