// SPDX-License-Identifier: Apache-2.0
//
// ThreadCall: a function that is to be called on another thread, with what it
// is given and what it gives.

#ifndef CRECHE_THREADS_INTERNAL_THREAD_CALL_H_
#define CRECHE_THREADS_INTERNAL_THREAD_CALL_H_

#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/kept_argument.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {

class ThreadOptions;

namespace internal {

class ThreadCall {
 public:
  virtual ~ThreadCall() = default;

  // On the thread: calls the function, keeps what it gives, and destroys it
  // with all it was given.
  virtual void Invoke(const std::stop_token& stop) noexcept = 0;

  // On the thread, instead of the task that would have taken it.
  virtual void DropResult() noexcept = 0;

  // Whether the function wants a stop token.
  virtual bool takes_stop_token() const = 0;
};

// Whether an F takes a stop token before its arguments.
template <typename F, typename... Args>
inline constexpr bool kTakesStopToken =
    std::is_invocable_v<std::decay_t<F>, std::stop_token,
                        std::decay_t<Args>...>;

template <typename Tuple>
struct WithoutFirst;
template <typename First, typename... Rest>
struct WithoutFirst<std::tuple<First, Rest...>> {
  using Type = std::tuple<Rest...>;
};

// As what the arguments are kept.
template <bool kWithToken, typename F, typename... Args>
struct ThreadArgumentsImpl {
  using Type = KeptArguments<F, Args...>;
};
template <typename F, typename... Args>
struct ThreadArgumentsImpl<true, F, Args...>
    : WithoutFirst<KeptArguments<F, std::stop_token, Args...>> {};
template <typename F, typename... Args>
using ThreadArguments =
    typename ThreadArgumentsImpl<kTakesStopToken<F, Args...>, F, Args...>::Type;

template <bool kWithToken, typename F, typename... Args>
struct ThreadReturned {
  using Type = CallResult<F, Args...>;
};
template <typename F, typename... Args>
struct ThreadReturned<true, F, Args...> {
  using Type = CallResult<F, std::stop_token, Args...>;
};

template <typename F, typename ArgumentTuple>
class ThreadCallOf;
template <typename F, typename... Args>
class ThreadCallOf<F, std::tuple<Args...>> final : public ThreadCall {
  static constexpr bool kTakesToken = kTakesStopToken<F, Args...>;

 public:
  using Returned = typename ThreadReturned<kTakesToken, F, Args...>::Type;
  static_assert(!TaskAwaitable<Returned>,
                "creche: RunInThread() calls a plain function; one that "
                "returns a Task has to be awaited in a run");
  using Result = StatusOrOf<Returned>;

  template <typename... Given>
  explicit ThreadCallOf(F f, Given&&... args)
      : work_(std::in_place, std::move(f), std::forward<Given>(args)...) {}

  void Invoke(const std::stop_token& stop) noexcept override {
    CRECHE_TRY {
      if constexpr (std::is_void_v<Returned>) {
        Call(stop);
        result_.emplace(absl::OkStatus());
      } else {
        result_.emplace(Call(stop));
      }
    }
    CRECHE_CATCH_ALL { thrown_ = std::current_exception(); }
    work_.reset();
  }

  void DropResult() noexcept override {
    result_.reset();
    thrown_ = nullptr;
  }

  bool takes_stop_token() const override { return kTakesToken; }

  // What the function has returned, or thrown.
  Result Take() {
    if (thrown_ != nullptr) std::rethrow_exception(std::move(thrown_));
    return *std::move(result_);
  }

 private:
  struct Work {
    template <typename... Given>
    explicit Work(F&& function, Given&&... given)
        : f(std::move(function)), args(std::forward<Given>(given)...) {}

    F f;
    std::tuple<Args...> args;
  };

  decltype(auto) Call(const std::stop_token& stop) {
    return std::apply(
        [&](Args&... args) -> decltype(auto) {
          if constexpr (kTakesToken) {
            return internal::Call(std::move(work_->f), stop,
                                  std::move(args)...);
          } else {
            return internal::Call(std::move(work_->f), std::move(args)...);
          }
        },
        work_->args);
  }

  std::optional<Work> work_;
  std::optional<Result> result_;
  std::exception_ptr thrown_;
};

// Has `call` invoked on a thread. OK: it has been. Otherwise there was no
// thread for it.
Task<absl::Status> InvokeOnThread(std::shared_ptr<ThreadCall> call,
                                  ThreadOptions options);

template <typename Call>
CRECHE_CORO_OWNS_ARGUMENTS Task<typename Call::Result> AwaitThreadCall(
    std::shared_ptr<Call> call, ThreadOptions options);

template <typename F, typename... Args>
using ThreadCallFor =
    ThreadCallOf<std::decay_t<F>, ThreadArguments<F, Args...>>;

template <typename F, typename... Args>
inline constexpr bool kRunsInThread =
    std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...> ||
    kTakesStopToken<F, Args...>;

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_THREADS_INTERNAL_THREAD_CALL_H_
