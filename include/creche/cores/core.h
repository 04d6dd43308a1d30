// SPDX-License-Identifier: Apache-2.0
//
// Core: one of the runs of RunOnCores() (cores/run_on_cores.h), as its main
// sees it.
//
//   creche::Task<absl::Status> Main(creche::Core& core) {
//     // The values of a shard are used on its own core only.
//     const size_t home = Hash(key) % core.count();
//     co_return co_await core.RunOn(home, Put);
//   }

#ifndef CRECHE_CORES_CORE_H_
#define CRECHE_CORES_CORE_H_

#include <cstddef>
#include <utility>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/task.h"
#include "creche/cores/internal/forward.h"
#include "creche/cores/internal/remote_call.h"
#include "creche/threads/run_handle.h"

namespace creche {

// Exists while its main does, and is for the thread of its run.
class Core {
 public:
  // For RunOnCores().
  Core(internal::CoreSet& cores, std::size_t index)
      : cores_(cores), index_(index) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Which of how many this is: 0 to count() - 1.
  std::size_t index() const { return index_; }
  std::size_t count() const;

  // The run of one of them, or this one. Requires: other < count().
  RunHandle handle(std::size_t other) const;

  // How many connections ServeTcpOnCores() is serving there just now.
  std::size_t connections(std::size_t other) const;

  // Calls f(), which returns a Task or another awaitable, in a task on another
  // core (or this one), and waits for its end; co_await gives StatusOrOf<R>, or
  // throws what `f` throws. `f` is kept here, and called there.
  //
  // Cancellation: crosses over: the task there is cancelled, and waited for. If
  //   it completes all the same, its result is delivered.
  // Errors: what `f` gives. kUnavailable: the main of that core has ended,
  //   before or meanwhile.
  template <typename F>
  CRECHE_CORO_WRAPPER auto RunOn(std::size_t other, F&& f) {
    CRECHE_REQUIRE_SAFE_CLOSURE(F);
    return internal::CallOnCore(handle(other), other,
                                std::decay_t<F>(std::forward<F>(f)));
  }

 private:
  friend class internal::CoreAccess;

  internal::CoreSet& cores_;
  const std::size_t index_;
};

namespace internal {

class CoreAccess {
 public:
  static CoreSet& Cores(Core& core) { return core.cores_; }
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_CORES_CORE_H_
