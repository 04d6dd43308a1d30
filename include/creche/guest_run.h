// SPDX-License-Identifier: Apache-2.0
//
// GuestRun: a run in the thread of another event loop, such as that of GLib,
// Qt, Asio or libuv. It needs no thread of its own: the loop calls it.
//
//   MyLoop host(loop);  // A HostLoop: four functions of that loop.
//   creche::GuestRun guest({}, host, Main, [&](absl::Status) {
//     loop.Quit();
//   });
//   loop.Run();

#ifndef CRECHE_GUEST_RUN_H_
#define CRECHE_GUEST_RUN_H_

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/run.h"
#include "creche/run/internal/guest_handle.h"
#include "creche/run/internal/run_result.h"

namespace creche {

// What a guest needs of the event loop that it lives in. All is called on the
// loop's thread, in the constructor of a GuestRun or in a callback; and the
// loop calls back from itself, never from within these functions. It may drop
// callbacks when it ends.
class HostLoop {
 public:
  virtual ~HostLoop() = default;

  // Calls `f`, which does not block, whenever `fd` is readable, and again while
  // it stays readable, until Unwatch().
  virtual void WatchReadable(int fd, absl::AnyInvocable<void()> f) = 0;

  // No more calls for `fd`. May be called in such a call.
  virtual void Unwatch(int fd) = 0;

  // Calls `f` once, at a time of absl::Now() or some time after that. A guest
  // has more than one of these under way, and never takes one back.
  virtual void CallAt(absl::Time time, absl::AnyInvocable<void()> f) = 0;

  // Calls `f` once, after what the loop has to do already.
  virtual void CallSoon(absl::AnyInvocable<void()> f) = 0;
};

// Runs main(), which returns a Task<R>, and everything that it starts, a
// bounded share at a time, in callbacks of `host`: as Run() does, but that the
// waiting is the host's. Nothing of it runs in the constructor.
//
// Between shares the thread is not in the run: plain code there reaches tasks
// by RunHandle::Post(), and may call Run(). A task that runs the host's loop
// itself (a modal dialog) keeps its run waiting, and no other guest's: what was
// missed is made up for afterwards.
//
// No deadlock is reported, for the host may always have something to say.
template <typename F>
class GuestRun {
 public:
  // What Run(main) returns.
  using Result = internal::RunResult<F>;

  // `host` must outlive the guest's end, and what `options` point to, too.
  // options.port must be unset.
  //
  // Calls `done` once, from the host's loop, when every task has ended and
  // nothing of the run is left, with what Run() would have returned, errors of
  // setting it up included (kFailedPrecondition: made inside of a run). `done`
  // may destroy the GuestRun. If main has thrown, the Status is kUnknown with
  // what() it was, and in `done` std::current_exception() is the exception.
  GuestRun(RunOptions options, HostLoop& host, F main,
           absl::AnyInvocable<void(Result)> done);
  GuestRun(const GuestRun&) = delete;
  GuestRun& operator=(const GuestRun&) = delete;
  // Aborts the process before `done` has been called.
  ~GuestRun() = default;

  // Cancels main, at the run's next turn. After its end: no effect.
  // Thread safety: the host's thread only; in a task or outside of the run.
  void Cancel(absl::string_view reason = "") { handle_.Cancel(reason); }

 private:
  internal::GuestHandle handle_;
};

}  // namespace creche

#include "creche/run/internal/guest_run_inl.h"

#endif  // CRECHE_GUEST_RUN_H_
