// SPDX-License-Identifier: Apache-2.0
//
// Function: any callable that returns a Task, kept under one type.
//
//   using Command = creche::Function<absl::Status(std::string)>;
//   std::map<std::string, Command> commands;
//   commands["get"] = [&](std::string key) -> creche::Task<absl::Status> {
//     co_return co_await Get(std::move(key));
//   };
//   co_await creche::Try(commands["get"]("key"));
//
// (A std::function of such a signature does not compile with clang, which wants
// every function that returns a Task to be a coroutine or to say that it is
// none.)

#ifndef CRECHE_CORE_FUNCTION_H_
#define CRECHE_CORE_FUNCTION_H_

#include <concepts>
#include <memory>
#include <utility>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/function_signature.h"
#include "creche/core/task.h"

namespace creche {

template <typename Signature>
class Function;

// Function<R(Args...)> is called with Args, and gives a Task<R>. Copies share
// what was put in, which may be a callable that can only be moved. It lives as
// long as a copy does, and as a call that is under way: so a call may replace
// the very Function that it was made through.
template <typename R, typename... Args>
class Function<R(Args...)> {
 public:
  // What the Tasks give.
  using Result = typename internal::FunctionResult<R>::Type;

  // Empty: not to be called.
  Function() = default;

  // Keeps `f`. f(args...) returns a Task<Result> or another awaitable that
  // gives a Result.
  template <typename F>
    requires(!std::same_as<F, Function>) &&
            internal::GivesResult<F, Result, Args...>
  Function(F f)  // NOLINT: as std::function.
      : target_(
            std::make_shared<internal::FunctionTargetOf<F, Result, Args...>>(
                std::move(f))) {}

  // Whether there is something to call.
  explicit operator bool() const { return target_ != nullptr; }

  // Calls it, when the Task is awaited. Aborts if it is empty.
  // Cancellation: as of what is called.
  CRECHE_CORO_WRAPPER Task<Result> operator()(Args... args) const;

 private:
  std::shared_ptr<internal::FunctionTarget<Result, Args...>> target_;
};

}  // namespace creche

#include "creche/core/internal/function_inl.h"

#endif  // CRECHE_CORE_FUNCTION_H_
