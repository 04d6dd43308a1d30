// SPDX-License-Identifier: Apache-2.0
//
// How a Function works. Included by core/function.h.

#ifndef CRECHE_CORE_INTERNAL_FUNCTION_INL_H_
#define CRECHE_CORE_INTERNAL_FUNCTION_INL_H_

#include <memory>
#include <utility>

#include "creche/core/function.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/task.h"

namespace creche {
namespace internal {

// The callable. Each call keeps it.
template <typename R, typename... Args>
class FunctionTarget {
 public:
  virtual ~FunctionTarget() = default;
  virtual Task<R> Call(std::shared_ptr<FunctionTarget> self, Args... args) = 0;
};

CRECHE_CORO_TEMPLATES_BEGIN

template <typename F, typename R, typename... Args>
class FunctionTargetOf final : public FunctionTarget<R, Args...> {
 public:
  explicit FunctionTargetOf(F f) : f_(std::move(f)) {}

  Task<R> Call(std::shared_ptr<FunctionTarget<R, Args...>> /*self*/,
               Args... args) override {
    co_return co_await internal::Call(f_, std::forward<Args>(args)...);
  }

 private:
  F f_;
};

CRECHE_CORO_TEMPLATES_END
}  // namespace internal

template <typename R, typename... Args>
CRECHE_CORO_WRAPPER auto Function<R(Args...)>::operator()(Args... args) const
    -> Task<Result> {
  if (target_ == nullptr) internal::Misuse("an empty Function was called");
  return target_->Call(target_, std::forward<Args>(args)...);
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_FUNCTION_INL_H_
