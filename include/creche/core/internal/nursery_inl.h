// SPDX-License-Identifier: Apache-2.0
//
// WithNursery(), and the templates of Nursery.

#ifndef CRECHE_CORE_INTERNAL_NURSERY_INL_H_
#define CRECHE_CORE_INTERNAL_NURSERY_INL_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/child_task_inl.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/kept_callable.h"
#include "creche/core/internal/lent_arguments.h"
#include "creche/core/internal/nursery_access.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/start_inl.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {
namespace internal {

inline NurseryState& NurseryAccess::State(Nursery& nursery) {
  return nursery.state_;
}

// For a frame that has neither a coroutine nor a result.
class PlaceholderPromise final : public PromiseBase {
 public:
  PlaceholderPromise() { place_ = nullptr; }
};

template <typename Body>
class [[nodiscard]] NurseryAwaiter
    : public Awaiting<AwaitResult<CallResult<Body, Nursery&>>,
                      Hooked<Hooks::kBoth>> {
  using Result = AwaitResult<CallResult<Body, Nursery&>>;

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit NurseryAwaiter(Body&& body) : body_(std::forward<Body>(body)) {}
  NurseryAwaiter(NurseryAwaiter&& other) noexcept
      : body_(std::forward<Body>(other.body_)) {}
  ~NurseryAwaiter() {
    if (nursery_ != nullptr) NurseryAccess::GiveBack(*nursery_);
  }

  bool await_ready() const { return false; }

  template <typename P>
  void await_suspend(std::coroutine_handle<P> parent) {
    this->awaiting_ = Frame(parent);
    block_.set_continuation(this);
    nursery_ = &NurseryAccess::Take();
    state().Open(*running.task);
    CRECHE_TRY {
      const auto body = TaskAccess::Release(
          AsTask(internal::Call(std::forward<Body>(body_), *nursery_)));
      if (body) state().BodyBegins(body.promise());
      if (this->StartAwaited(body)) running.completed = this;
    }
    CRECHE_CATCH_ALL {
      state().Fail(Failure(std::current_exception()), kBodyName);
      EndBody();
    }
  }

  StatusOrOf<Result> await_resume() {
    absl::Status failed = RaiseFailures(state().TakeFailures());
    if (!failed.ok()) return failed;
    if constexpr (std::is_void_v<Result> ||
                  std::is_same_v<Result, absl::Status>) {
      return absl::OkStatus();
    } else {
      if (!result_.has_value()) {
        return absl::CancelledError(
            CancelledMessage(state().cancel_scope().reason()));
      }
      return *std::move(result_);
    }
  }

  Frame OnCompleted() override {
    if (state().body_ended()) {
      if (state().Leave()) return this->awaiting_;
      PromiseBase::Resume(this->awaiting_);
      return {};
    }
    CRECHE_TRY { TakeBodyResult(); }
    CRECHE_CATCH_ALL {
      state().Fail(Failure(std::current_exception()), kBodyName);
    }
    EndBody();
    return {};
  }

  Frame OnUnwound() override {
    state().NoteUnwound();
    EndBody();
    return {};
  }

 private:
  static constexpr const char* kBodyName = "the nursery's body";

  NurseryState& state() { return NurseryAccess::State(*nursery_); }
  void EndBody() { state().BodyEnded(Frame::WithoutCoroutine(block_)); }

  // The body's frame goes before its children go on: also where nothing is left
  // in it, so that sanitizers see who refers to it still.
  void TakeBodyResult() {
    if constexpr (std::is_void_v<Result>) {
      this->TakeResult();
    } else if constexpr (kIsStatusLike<Result>) {
      Result result = this->TakeResult();
      if (!result.ok()) {
        state().Fail(Failure(StatusOf(result)), kBodyName);
      } else if constexpr (kKeepsResult) {
        result_.emplace(std::move(result));
      }
    } else {
      result_.emplace(this->TakeResult());
    }
  }

  struct Nothing {};
  static constexpr bool kKeepsResult =
      !std::is_void_v<Result> && !std::is_same_v<Result, absl::Status>;

  KeptCallable<Body> body_;
  Nursery* nursery_ = nullptr;
  [[no_unique_address]] std::conditional_t<kKeepsResult, std::optional<Result>,
                                           Nothing> result_;
  PlaceholderPromise block_;  // Where the task waits for the children.
};

}  // namespace internal

template <typename F, typename... Args>
void Nursery::StartSoon(F&& f, Args&&... args) {
  static_assert(!internal::TaskAwaitable<std::decay_t<F>>,
                "creche: StartSoon() itself calls what makes the task: write "
                "StartSoon(Work, args...), not StartSoon(Work(args...))");
  constexpr bool kIsCallable =
      std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>;
  static_assert(
      kIsCallable,
      "creche: StartSoon(f, args...) calls f with copies of args, as rvalues, "
      "and f does not take these: are there too few, or too many? "
      "Pass std::ref(x) where f takes a reference");
  static_assert(
      !kIsCallable ||
          internal::kReturnsAwaitable<std::decay_t<F>, std::decay_t<Args>...>,
      "creche: what StartSoon() starts must return a Task (is it a "
      "coroutine with the return type creche::Task<...>?)");
  static_assert((std::is_constructible_v<std::decay_t<F>, F> && ... &&
                 std::is_constructible_v<std::decay_t<Args>, Args>),
                "creche: StartSoon(f, args...) copies f and args: pass "
                "std::move(x) where that cannot be copied");
  state_.CheckOpen("StartSoon");
  internal::CheckLentArguments<F, Args...>(state_, "StartSoon", f, args...);
  state_.Adopt(internal::NewChild(state_, std::forward<F>(f),
                                  std::forward<Args>(args)...));
}

template <typename Body>
auto WithNursery(Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  static_assert(std::is_invocable_v<Body, Nursery&>,
                "creche: WithNursery() takes a callable with a parameter "
                "creche::Nursery&");
  constexpr bool kReturnsTask = internal::kReturnsAwaitable<Body, Nursery&>;
  static_assert(
      !std::is_invocable_v<Body, Nursery&> || kReturnsTask,
      "creche: a nursery's body must return a Task (is it a coroutine "
      "with the return type creche::Task<...>?)");
  if constexpr (kReturnsTask) {
    return internal::NurseryAwaiter<Body>(std::forward<Body>(body));
  }
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_NURSERY_INL_H_
