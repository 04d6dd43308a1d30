// SPDX-License-Identifier: Apache-2.0
//
// ChildTask: a child of a nursery.

#ifndef CRECHE_CORE_INTERNAL_CHILD_TASK_INL_H_
#define CRECHE_CORE_INTERNAL_CHILD_TASK_INL_H_

#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/kept_argument.h"
#include "creche/core/internal/named_callable.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"

namespace creche::internal {

// A child: its record, what it runs, and the root of its coroutines, in one
// block.
template <typename F, typename ArgumentTuple>
class ChildTask;
template <typename F, typename... Args>
class ChildTask<F, std::tuple<Args...>> final
    : public TaskRecord,
      public Awaiting<AwaitResult<CallResult<F, Args...>>,
                      Hooked<Hooks::kBoth>> {
  using Result = AwaitResult<CallResult<F, Args...>>;
  static_assert(kIsTask<CallResult<F, Args...>>,
                "creche: what StartSoon() starts must return a Task");
  static_assert(
      std::is_void_v<Result> || std::is_same_v<Result, absl::Status>,
      "creche: a child task returns Task<void> or Task<absl::Status>; the "
      "value of any other would be discarded: send it through a channel, or "
      "store it where the nursery's body finds it");

 public:
  template <typename... Given>
  explicit ChildTask(NurseryState& nursery, F f, Given&&... args)
      : TaskRecord(&nursery, &nursery.scope()),
        f_(std::move(f)),
        args_(std::forward<Given>(args)...) {
    if constexpr (kIsNamed<F>) set_name(f_.name());
  }

  Frame Begin() override {
    CRECHE_TRY {
      this->StartAwaitedFromTrampoline(
          TaskAccess::Release(CallWith(std::move(f_), std::move(args_),
                                       std::index_sequence_for<Args...>())));
    }
    CRECHE_CATCH_ALL {
      NurseryState::ChildFailed(*this, Failure(std::current_exception()));
    }
    return {};
  }

  Frame OnCompleted() override {
    Promise<Result>& promise = this->awaited_promise();
    if (promise.state() == PromiseBase::State::kException) [[unlikely]] {
      Failure failure(promise.exception());
      this->DestroyAwaited();
      NurseryState::ChildFailed(*this, std::move(failure));
      return {};
    }
    if constexpr (std::is_same_v<Result, absl::Status>) {
      if (!promise.value().ok()) {
        Failure failure(promise.value());
        if (!this->DestroyAwaited()) return OnCompleted();
        NurseryState::ChildFailed(*this, std::move(failure));
        return {};
      }
    }
    if (!this->DestroyAwaited()) return OnCompleted();
    NurseryState::RemoveChild(*this);
    return {};
  }

  Frame OnUnwound() override {
    NurseryState::ChildUnwound(*this);
    return {};
  }

 private:
  // Often one of them, or both, are empty.
  [[no_unique_address]] F f_;
  [[no_unique_address]] std::tuple<Args...> args_;
};

// A new task of `nursery` that runs f(args...).
template <typename F, typename... Args>
TaskRecord* NewChild(NurseryState& nursery, F&& f, Args&&... args) {
  return new ChildTask<std::decay_t<F>, KeptArguments<F, Args...>>(
      nursery, std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CHILD_TASK_INL_H_
