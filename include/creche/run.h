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
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/backend.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
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

namespace internal {

// A run, apart from the type of its main task.
class RunSession {
 public:
  explicit RunSession(RunOptions options);
  RunSession(const RunSession&) = delete;
  RunSession& operator=(const RunSession&) = delete;
  ~RunSession();

  // Not OK: there can be no run.
  const absl::Status& status() const { return status_; }

  CancelNode* root();
  void Run(TaskRecord& main);
  void MainEnded();
  absl::Status CancelledStatus();

 private:
  struct Parts;

  absl::Status status_;
  std::unique_ptr<Parts> parts_;
};

template <typename F, typename... Args>
class MainTask final
    : public TaskRecord,
      public Awaiting<AwaitResult<CallResult<F, Args...>>, HookedContinuation> {
  using Result = AwaitResult<CallResult<F, Args...>>;
  using Root = Awaiting<Result, HookedContinuation>;

 public:
  MainTask(RunSession& session, F&& f, Args&&... args)
      : TaskRecord(nullptr, session.root()),
        Root(Continuation::Kind::kBoundary),
        session_(session),
        f_(std::forward<F>(f)),
        args_(std::forward<Args>(args)...) {}

  Frame Begin() override {
    CRECHE_TRY {
      this->StartAwaitedFromTrampoline(TaskAccess::Release(
          AsTask(CallWith(std::forward<F>(f_), std::move(args_),
                          std::index_sequence_for<Args...>()))));
    }
    CRECHE_CATCH_ALL {
      thrown_ = std::current_exception();
      session_.MainEnded();
    }
    return {};
  }

  // Takes the result while the run goes on: the locals of a coroutine that has
  // ended early are destroyed here, and may need it.
  Frame OnCompleted() override {
    CRECHE_TRY {
      if constexpr (std::is_void_v<Result>) {
        this->TakeResult();
        result_.emplace();
      } else {
        result_.emplace(this->TakeResult());
      }
    }
    CRECHE_CATCH_ALL { thrown_ = std::current_exception(); }
    session_.MainEnded();
    return {};
  }
  Frame OnUnwound() override {
    session_.MainEnded();
    return {};
  }

  StatusOrOf<Result> Take() {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    if (!result_.has_value()) return session_.CancelledStatus();
    return *std::move(result_);
  }

 private:
  RunSession& session_;
  F&& f_;
  BorrowedArguments<F, Args...> args_;
  std::optional<StatusOrOf<Result>> result_;
  std::exception_ptr thrown_;
};

template <bool kIsCallable, typename F, typename... Args>
struct RunResultIf {};
template <typename F, typename... Args>
struct RunResultIf<true, F, Args...> {
  using Type = StatusOrOf<AwaitResult<CallResult<F, Args...>>>;
};

// None for RunOptions: clang asks for the result of an overload before it looks
// at the overload's constraint.
template <typename F, typename... Args>
struct RunResultImpl : RunResultIf<kReturnsAwaitable<F, Args...>, F, Args...> {
  static constexpr bool kIsAwaitable = TaskAwaitable<std::remove_cvref_t<F>>;
  static_assert(!kIsAwaitable,
                "creche: Run() itself calls what makes the task: write "
                "Run(Main, args...), not Run(Main(args...))");
  static_assert(kIsAwaitable || std::is_invocable_v<F, Args...>,
                "creche: Run(main, args...) calls main(args...), and main does "
                "not take these arguments");
  static_assert(!std::is_invocable_v<F, Args...> ||
                    kReturnsAwaitable<F, Args...>,
                "creche: what Run() calls must return a Task (is it a "
                "coroutine with the return type creche::Task<...>?)");
};
template <typename F, typename... Args>
  requires std::same_as<std::remove_cvref_t<F>, RunOptions>
struct RunResultImpl<F, Args...> {};
template <typename F, typename... Args>
using RunResult = typename RunResultImpl<F, Args...>::Type;

template <typename F, typename... Args>
RunResult<F, Args...> RunMain(RunOptions options, F&& main, Args&&... args) {
  RunSession session(std::move(options));
  if (!session.status().ok()) return session.status();
  MainTask<F, Args...> task(session, std::forward<F>(main),
                            std::forward<Args>(args)...);
  session.Run(task);
  return task.Take();
}

}  // namespace internal

// Runs main(args...), which returns a Task<R>, and everything it starts, on
// this thread. Returns when every task has ended: main's result, or kCancelled
// with the reason if main was cancelled. Exceptions of main are rethrown as
// they are. `args` are handed on as they are, without a copy.
//
// Errors: kUnavailable: io_uring cannot be used here, and RunOptions::backend
// is
//   kUring; the message says why and what to do. kResourceExhausted: no
//   descriptors or memory for the ring. kFailedPrecondition: called inside a
//   run of this thread, or another run has one of the signals.
//   kInvalidArgument: there is no such signal, or no such CRECHE_BACKEND.
// Thread safety: any thread; each has its own run.
//
// If no task can run and nothing could ever wake one, prints the task tree and
// aborts: a run never hangs silently.
template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, RunOptions>)
internal::RunResult<F, Args...> Run(F&& main, Args&&... args);

// The same, with options.
template <typename F, typename... Args>
internal::RunResult<F, Args...> Run(RunOptions options, F&& main,
                                    Args&&... args) {
  return internal::RunMain<F, Args...>(
      std::move(options), std::forward<F>(main), std::forward<Args>(args)...);
}

template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, RunOptions>)
internal::RunResult<F, Args...> Run(F&& main, Args&&... args) {
  return internal::RunMain<F, Args...>(RunOptions(), std::forward<F>(main),
                                       std::forward<Args>(args)...);
}

}  // namespace creche

#endif  // CRECHE_RUN_H_
