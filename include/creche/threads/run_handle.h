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
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
#include "creche/threads/internal/forward.h"

namespace creche {

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

}  // namespace creche

#include "creche/threads/internal/run_handle_inl.h"

#endif  // CRECHE_THREADS_RUN_HANDLE_H_
