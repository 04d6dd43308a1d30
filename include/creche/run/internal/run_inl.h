// SPDX-License-Identifier: Apache-2.0
//
// Run(): its main task, and the run around it.

#ifndef CRECHE_RUN_INTERNAL_RUN_INL_H_
#define CRECHE_RUN_INTERNAL_RUN_INL_H_

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/kept_argument.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {
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

  Scheduler& scheduler();
  EventPort& port();
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
class MainTask final : public TaskRecord,
                       public Awaiting<AwaitResult<CallResult<F, Args...>>,
                                       Hooked<Hooks::kBoth>> {
  using Result = AwaitResult<CallResult<F, Args...>>;

 public:
  MainTask(RunSession& session, F&& f, Args&&... args)
      : TaskRecord(nullptr, session.root()),
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

#endif  // CRECHE_RUN_INTERNAL_RUN_INL_H_
