// SPDX-License-Identifier: Apache-2.0
//
// GuestRun: its main, with its type.

#ifndef CRECHE_RUN_INTERNAL_GUEST_RUN_INL_H_
#define CRECHE_RUN_INTERNAL_GUEST_RUN_INL_H_

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/task_record.h"
#include "creche/run/internal/guest_handle.h"
#include "creche/run/internal/run_inl.h"
#include "creche/run/internal/run_result.h"

namespace creche {
namespace internal {

template <typename F>
class GuestMainOf final : public GuestMain {
  using Result = RunResult<F>;

 public:
  GuestMainOf(F f, absl::AnyInvocable<void(Result)> done)
      : f_(std::move(f)), done_(std::move(done)) {}

  TaskRecord& MakeTask(RunSession& session) override {
    return task_.emplace(session, *std::move(f_));
  }

  void TakeResult() override {
    CRECHE_TRY { result_.emplace(task_->Take()); }
    CRECHE_CATCH_ALL { thrown_ = std::current_exception(); }
    task_.reset();
  }

  void TellResult() override {
    f_.reset();
    if (thrown_ == nullptr) return done_(*std::move(result_));
    CRECHE_TRY { std::rethrow_exception(std::exchange(thrown_, nullptr)); }
    CRECHE_CATCH_ALL { done_(StatusOfMainsException()); }
  }

  void TellRefused(absl::Status error) override {
    f_.reset();
    done_(std::move(error));
  }

 private:
  std::optional<F> f_;
  absl::AnyInvocable<void(Result)> done_;
  std::optional<MainTask<F>> task_;
  std::optional<Result> result_;
  std::exception_ptr thrown_;
};

}  // namespace internal

template <typename F>
GuestRun<F>::GuestRun(RunOptions options, HostLoop& host, F main,
                      absl::AnyInvocable<void(Result)> done)
    : handle_(std::move(options), host,
              std::make_unique<internal::GuestMainOf<F>>(std::move(main),
                                                         std::move(done))) {}

template <typename F, typename Done>
GuestRun(RunOptions, HostLoop&, F, Done) -> GuestRun<F>;

}  // namespace creche

#endif  // CRECHE_RUN_INTERNAL_GUEST_RUN_INL_H_
