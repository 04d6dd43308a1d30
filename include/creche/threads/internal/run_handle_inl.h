// SPDX-License-Identifier: Apache-2.0
//
// RunHandle::Call().

#ifndef CRECHE_THREADS_INTERNAL_RUN_HANDLE_INL_H_
#define CRECHE_THREADS_INTERNAL_RUN_HANDLE_INL_H_

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/promise.h"
#include "creche/core/results.h"
#include "creche/core/task.h"

namespace creche {
namespace internal {

// What a Call() is to do in the run.
class CallBody {
 public:
  virtual Task<> Run() = 0;

 protected:
  ~CallBody() = default;
};

// Has `body` run in the run of `gate`. OK: it has come to its end.
absl::Status PerformCall(const std::shared_ptr<RunGate>& gate, CallBody& body);

template <typename R>
struct CalledResultImpl {
  using Type = R;
};
template <typename R>
  requires TaskAwaitable<R>
struct CalledResultImpl<R> {
  using Type = AwaitResult<R>;
};

template <typename F>
class CallBodyOf final : public CallBody {
  using Returned = CallResult<F&>;
  static constexpr bool kIsAsync = TaskAwaitable<Returned>;
  using Value = typename CalledResultImpl<Returned>::Type;

 public:
  using Result = StatusOrOf<Value>;

  explicit CallBodyOf(F& f) : f_(f) {}

  Task<> Run() override {
    CRECHE_TRY {
      if constexpr (kIsAsync && std::is_void_v<Value>) {
        co_await AsTask(internal::Call(f_));
        result_.emplace(absl::OkStatus());
      } else if constexpr (kIsAsync) {
        result_.emplace(co_await AsTask(internal::Call(f_)));
      } else if constexpr (std::is_void_v<Value>) {
        internal::Call(f_);
        result_.emplace(absl::OkStatus());
      } else {
        result_.emplace(internal::Call(f_));
      }
    }
    CRECHE_CATCH_ALL { thrown_ = std::current_exception(); }
    co_return;
  }

  Result Take() {
    if (thrown_ != nullptr) std::rethrow_exception(std::move(thrown_));
    return *std::move(result_);
  }

 private:
  F& f_;
  std::optional<Result> result_;
  std::exception_ptr thrown_;
};

}  // namespace internal

template <typename F>
auto RunHandle::Call(F f) const {
  static_assert(std::is_invocable_v<F&>,
                "creche: RunHandle::Call() takes a callable without arguments");
  using Body = internal::CallBodyOf<F>;
  Body body(f);
  absl::Status ended = internal::PerformCall(gate_, body);
  if (!ended.ok()) return typename Body::Result(std::move(ended));
  return body.Take();
}

}  // namespace creche

#endif  // CRECHE_THREADS_INTERNAL_RUN_HANDLE_INL_H_
