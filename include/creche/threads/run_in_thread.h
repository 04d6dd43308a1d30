// SPDX-License-Identifier: Apache-2.0
//
// RunInThread: what would block the run, on a thread of its own.
//
//   absl::StatusOr<std::string> hash =
//       co_await creche::RunInThread(HashFile, path);
//
// One that can be told to stop:
//
//   int Count(std::stop_token stop, const Table& table);
//
//   absl::StatusOr<int> count = co_await creche::RunInThread(
//       creche::ThreadOptions().set_name("count"), Count, std::cref(table));
//
// For what a function on such a thread needs of its run there is RunHandle
// (threads/run_handle.h).

#ifndef CRECHE_THREADS_RUN_IN_THREAD_H_
#define CRECHE_THREADS_RUN_IN_THREAD_H_

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/task.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/threads/internal/thread_call.h"

namespace creche {

// What a task does that is cancelled while a thread works for it.
enum class OnCancel {
  // It waits until the function has returned: no thread outlives its scope.
  kWait,
  // It goes at once. The function goes on alone, and what it gives or throws is
  // destroyed on its thread, maybe after the run.
  kAbandon,
};

// How a function is run in a thread.
class ThreadOptions {
 public:
  ThreadOptions() {}  // NOLINT(modernize-use-equals-default): no aggregate.

  // What bounds the number of threads; it belongs to the task's run. Unless it
  // is set, all calls of a run together have 40 threads.
  ThreadOptions& set_limiter(CapacityLimiter& limiter) {
    limiter_ = &limiter;
    return *this;
  }

  // What the thread is called meanwhile, in debuggers and in /proc: the first
  // 15 bytes of it.
  ThreadOptions& set_name(absl::string_view name) {
    name_ = std::string(name);
    return *this;
  }

  // OnCancel::kWait, unless it is set.
  ThreadOptions& set_on_cancel(OnCancel on_cancel) {
    on_cancel_ = on_cancel;
    return *this;
  }

  // What was set; nullptr: the limiter of the run.
  CapacityLimiter* limiter() const { return limiter_; }
  const std::string& name() const { return name_; }
  OnCancel on_cancel() const { return on_cancel_; }

 private:
  CapacityLimiter* limiter_ = nullptr;
  std::string name_;
  OnCancel on_cancel_ = OnCancel::kWait;
};

// Calls f(args...), or f(stop, args...) if it takes a std::stop_token first, on
// another thread, and waits until it has returned; co_await gives StatusOrOf<R>
// of what it returns, or throws what it throws. Copies or moves `f` and `args`
// as StartSoon() does; they are destroyed before the task goes on. Threads are
// used again, and do not receive signals.
//
// Cancellation: while it waits for a token of the limiter: safe, nothing was
//   begun. Later, the stop is requested, and then it depends. kWait: the
//   function goes on to its end; what it gives is delivered, and the task
//   cancelled at its next checkpoint. kAbandon: the task goes at once, the
//   function goes on.
// Errors: what `f` returns. kResourceExhausted: there was no thread, and
//   nothing was begun.
// Order: of those who wait for a token, first come, first served. A token is
//   held until `f` has returned, also where its task is gone.
template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, ThreadOptions>)
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto RunInThread(F&& f,
                                                                Args&&... args);

// The same, with options.
// Cancellation: as above.
template <typename F, typename... Args>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto RunInThread(
    ThreadOptions options, F&& f, Args&&... args) {
  CRECHE_REQUIRE_SAFE_CLOSURE(F);
  static_assert(internal::kRunsInThread<F, Args...>,
                "creche: RunInThread(f, args...) calls f with copies of args, "
                "as rvalues, and maybe a std::stop_token before them, and f "
                "does not take these. Pass std::ref(x) where f takes a "
                "reference");
  using Call = internal::ThreadCallFor<F, Args...>;
  return internal::AwaitThreadCall(
      std::make_shared<Call>(std::forward<F>(f), std::forward<Args>(args)...),
      std::move(options));
}

}  // namespace creche

#include "creche/threads/internal/run_in_thread_inl.h"

#endif  // CRECHE_THREADS_RUN_IN_THREAD_H_
