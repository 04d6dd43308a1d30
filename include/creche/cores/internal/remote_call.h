// SPDX-License-Identifier: Apache-2.0
//
// CallOnCore: a task on another core, awaited here.

#ifndef CRECHE_CORES_INTERNAL_REMOTE_CALL_H_
#define CRECHE_CORES_INTERNAL_REMOTE_CALL_H_

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/threads/run_handle.h"

namespace creche::internal {

class CoreAccess;

// Runs `body` in a task of the run `there`, that of core `index`. OK: it has
// come to its end.
Task<absl::Status> PerformOnCore(RunHandle there, std::size_t index,
                                 CallBody& body);

template <typename F>
CRECHE_CORO_OWNS_ARGUMENTS Task<typename CallBodyOf<F>::Result> CallOnCore(
    RunHandle there, std::size_t index, F f) {
  CallBodyOf<F> body(f);
  absl::Status ended = co_await PerformOnCore(std::move(there), index, body);
  if (!ended.ok()) co_return ended;
  co_return body.Take();
}

}  // namespace creche::internal

#endif  // CRECHE_CORES_INTERNAL_REMOTE_CALL_H_
