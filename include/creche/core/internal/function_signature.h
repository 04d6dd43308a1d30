// SPDX-License-Identifier: Apache-2.0
//
// What the signature of a Function says, and who may be put in.

#ifndef CRECHE_CORE_INTERNAL_FUNCTION_SIGNATURE_H_
#define CRECHE_CORE_INTERNAL_FUNCTION_SIGNATURE_H_

#include <concepts>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/call.h"
#include "creche/core/task.h"

namespace creche::internal {

template <typename R, typename... Args>
class FunctionTarget;
template <typename F, typename R, typename... Args>
class FunctionTargetOf;

// Function<R(...)> and Function<Task<R>(...)> are the same to their callers.
template <typename R>
struct FunctionResult {
  using Type = R;
};
template <typename R>
struct FunctionResult<Task<R>> {
  using Type = R;
};

template <typename F, typename R, typename... Args>
concept GivesResult = kReturnsAwaitable<F&, Args...> &&
                      std::same_as<AwaitResult<CallResult<F&, Args...>>, R>;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_FUNCTION_SIGNATURE_H_
