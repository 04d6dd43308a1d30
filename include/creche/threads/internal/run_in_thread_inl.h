// SPDX-License-Identifier: Apache-2.0
//
// How RunInThread() waits for what it calls.

#ifndef CRECHE_THREADS_INTERNAL_RUN_IN_THREAD_INL_H_
#define CRECHE_THREADS_INTERNAL_RUN_IN_THREAD_INL_H_

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/threads/internal/thread_call.h"
#include "creche/threads/run_in_thread.h"

namespace creche {

template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, ThreadOptions>)
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto RunInThread(
    F&& f, Args&&... args) {
  return RunInThread(ThreadOptions(), std::forward<F>(f),
                     std::forward<Args>(args)...);
}

namespace internal {

template <typename Call>
CRECHE_CORO_OWNS_ARGUMENTS Task<typename Call::Result> AwaitThreadCall(
    std::shared_ptr<Call> call, ThreadOptions options) {
  absl::Status invoked = co_await InvokeOnThread(call, std::move(options));
  if (!invoked.ok()) co_return invoked;
  co_return call->Take();
}

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_THREADS_INTERNAL_RUN_IN_THREAD_INL_H_
