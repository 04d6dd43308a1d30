// SPDX-License-Identifier: Apache-2.0
//
// Run: from plain code into tasks.
//
//   creche::Task<absl::Status> Main() { co_return co_await Greet(); }
//
//   int main() {
//     absl::Status status = creche::Run(Main);
//     if (!status.ok()) std::cerr << status << "\n";
//     return status.ok() ? 0 : 1;
//   }

#ifndef CRECHE_RUN_H_
#define CRECHE_RUN_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "creche/core/backend.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/core/instrument.h"
#include "creche/run/internal/run_result.h"
#include "creche/uring/uring_features.h"

namespace creche {

// What a run is given from outside. An aggregate: Run({.clock = &clock}, Main).
// What it points to must outlive the run.
struct RunOptions {
  // The first of these signals cancels the main task, with the signal's name as
  // the reason ("SIGINT"); the next one ends the process at once, as if it had
  // never been caught. One run of a process at a time can have a signal. One
  // that comes when main has ended is raised again before Run() returns, for
  // whoever had it before.
  std::vector<int> cancel_on_signals = {};
  // Each of these signals, e.g. SIGQUIT, has the run's task tree printed to
  // standard error; the run goes on. A signal has one owner, as above.
  std::vector<int> dump_on_signals = {};
  // nullptr: a SystemClock.
  Clock* clock = nullptr;
  // nullptr: the kernel, by `backend`.
  EventPort* port = nullptr;
  // Called as tasks come, run and go. See core/instrument.h.
  std::vector<Instrument*> instruments = {};
  // Set: every batch of runnable tasks is shuffled; the same seed gives the
  // same order. Unset: first come, first served.
  std::optional<std::uint64_t> schedule_seed = {};
  // What the run does its I/O by, unless it has a port. kAuto is io_uring, and
  // epoll where io_uring is missing or forbidden altogether, but not where
  // memory or descriptors are short. The environment variable CRECHE_BACKEND
  // (auto, uring, epoll) decides instead of kAuto, and never against the
  // others. statistics().backend says which it is.
  Backend backend = Backend::kAuto;
  // The size of io_uring's submission queue. More operations than that can be
  // under way. Range: 1 to 32768, rounded up to a power of two.
  unsigned ring_entries = 1024;
  // Which optional features of the kernel are used.
  UringFeatures uring_features = {};
};

// Runs main(args...), which returns a Task<R>, and everything it starts, on
// this thread. Returns when every task has ended: main's result, or kCancelled
// with the reason if main was cancelled. Exceptions of main are rethrown as
// they are. `args` are handed on as they are, without a copy.
//
// Errors: kUnavailable: io_uring cannot be used here, and the backend is to be
//   kUring; the message says why and what to do. kResourceExhausted: no
//   descriptors or memory for the ring. kFailedPrecondition: called inside a
//   run of this thread, or another run has one of the signals.
//   kInvalidArgument: there is no such signal, or no such CRECHE_BACKEND.
// Thread safety: any thread; each has its own run.
//
// If no task can run and nothing could ever wake one, prints the task tree and
// aborts: a run never hangs silently. (A signal of cancel_on_signals could wake
// them, so such a run waits: dump_on_signals shows for what.)
template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, RunOptions>)
internal::RunResult<F, Args...> Run(F&& main, Args&&... args);

// The same, with options.
template <typename F, typename... Args>
internal::RunResult<F, Args...> Run(RunOptions options, F&& main,
                                    Args&&... args);

}  // namespace creche

#include "creche/run/internal/run_inl.h"

#endif  // CRECHE_RUN_H_
