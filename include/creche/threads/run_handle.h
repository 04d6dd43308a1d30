// SPDX-License-Identifier: Apache-2.0
//
// RunHandle: how other threads get something done in a run.
//
//   // A library calls back on a thread of its own.
//   creche::Event arrived;
//   library.OnArrival([run = creche::RunHandle::Current(), &arrived] {
//     run.Post([&arrived] { arrived.Set(); });
//   });
//   co_await arrived.Wait();
//
// A thread that needs an answer:
//
//   absl::StatusOr<int> answer = run.Call(Ask);  // Ask() may be a coroutine.
//
// For values that travel there are thread channels (threads/thread_channel.h).

#ifndef CRECHE_THREADS_RUN_HANDLE_H_
#define CRECHE_THREADS_RUN_HANDLE_H_

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/task.h"

namespace creche {
namespace internal {

class RunGate;
template <typename F>
class CallBodyOf;

}  // namespace internal

// Of one run, for any thread, and for as long as anybody likes: of a run that
// is over, it says so. While there is one, a run that has nothing to do waits
// for it, instead of reporting a deadlock.
// Thread safety: different handles of one run may be used at the same time, and
// one handle too, for all but assigning to it, moving from it, and destroying
// it.
class RunHandle {
 public:
  // Of this thread's run or, in a function that runs in a thread for a task, of
  // that task's run. Aborts anywhere else.
  static RunHandle Current();

  // A handle that was moved from is one of a run that is over.
  RunHandle(const RunHandle& other);
  RunHandle(RunHandle&& other) noexcept = default;
  RunHandle& operator=(RunHandle other) noexcept;
  ~RunHandle();

  // Has f() called on the run's thread, between steps of tasks. True: it is
  // called exactly once, before Run() returns. False: the run is over, and `f`
  // is destroyed here. An exception of `f` ends the process.
  // Order: what one thread posts is called in that order.
  bool Post(absl::AnyInvocable<void()> f) const;

  // Calls f(), which may return a Task or another awaitable, in the run, and
  // blocks this thread until it has ended; gives StatusOrOf<R>, or throws what
  // `f` throws. In a function that runs in a thread for a task, `f` runs as
  // part of that task, which waits for this thread: with its cancel scopes and
  // task-locals. What `f` runs in threads then uses this thread, and its token
  // of the limiter. Otherwise, and if that task has abandoned the thread, `f`
  // runs as a task beside main, whose end cancels it.
  //
  // Errors: what `f` gives. kCancelled: it was cancelled, or the run is over.
  // Aborts on the run's own thread, which would wait for itself.
  template <typename F>
  auto Call(F f) const;

 private:
  explicit RunHandle(std::shared_ptr<internal::RunGate> gate);

  std::shared_ptr<internal::RunGate> gate_;
};

namespace internal {

// What a Call() is to do in the run.
class CallBody {
 public:
  virtual Task<> Run() = 0;

 protected:
  ~CallBody() = default;
};

// Has `body` run in the run of `gate`. OK: it has come to its end.
absl::Status PerformCall(const std::shared_ptr<RunGate>& gate, CallBody& body);

template <typename R>
struct CalledResultImpl {
  using Type = R;
};
template <typename R>
  requires TaskAwaitable<R>
struct CalledResultImpl<R> {
  using Type = AwaitResult<R>;
};

template <typename F>
class CallBodyOf final : public CallBody {
  using Returned = CallResult<F&>;
  static constexpr bool kIsAsync = TaskAwaitable<Returned>;
  using Value = typename CalledResultImpl<Returned>::Type;

 public:
  using Result = StatusOrOf<Value>;

  explicit CallBodyOf(F& f) : f_(f) {}

  Task<> Run() override {
    CRECHE_TRY {
      if constexpr (kIsAsync && std::is_void_v<Value>) {
        co_await AsTask(internal::Call(f_));
        result_.emplace(absl::OkStatus());
      } else if constexpr (kIsAsync) {
        result_.emplace(co_await AsTask(internal::Call(f_)));
      } else if constexpr (std::is_void_v<Value>) {
        internal::Call(f_);
        result_.emplace(absl::OkStatus());
      } else {
        result_.emplace(internal::Call(f_));
      }
    }
    CRECHE_CATCH_ALL { thrown_ = std::current_exception(); }
    co_return;
  }

  Result Take() {
    if (thrown_ != nullptr) std::rethrow_exception(std::move(thrown_));
    return *std::move(result_);
  }

 private:
  F& f_;
  std::optional<Result> result_;
  std::exception_ptr thrown_;
};

}  // namespace internal

template <typename F>
auto RunHandle::Call(F f) const {
  static_assert(std::is_invocable_v<F&>,
                "creche: RunHandle::Call() takes a callable without arguments");
  using Body = internal::CallBodyOf<F>;
  Body body(f);
  absl::Status ended = internal::PerformCall(gate_, body);
  if (!ended.ok()) return typename Body::Result(std::move(ended));
  return body.Take();
}

}  // namespace creche

#endif  // CRECHE_THREADS_RUN_HANDLE_H_
