// SPDX-License-Identifier: Apache-2.0
//
// OnHelperThread: a function that blocks and cannot be stopped, on a thread of
// its own, which a cancelled task abandons.

#ifndef CRECHE_LIB_NET_HELPER_THREAD_H_
#define CRECHE_LIB_NET_HELPER_THREAD_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "lib/core/outside_event.h"
#include "lib/core/scheduler.h"

namespace creche::internal {

// Runs `function` on a new, detached thread.
// Errors: kResourceExhausted: there is none to be had.
absl::Status StartHelperThread(std::function<void()> function);

// What the thread and the task share. Whoever comes last deletes it: the thread
// may outlive the task, and the run.
template <typename Result>
class HelperCall {
 public:
  class Finished final : public OutsideEvent {
   public:
    Finished() : OutsideEvent(*running.scheduler) {
      running.scheduler->AddHelper();
    }
    ~Finished() { running.scheduler->RemoveHelper(); }
    void Happen() override { std::move(waker).Wake(); }
    Waker waker;
  };

  // On the task's thread, before the helper starts.
  void Expect(Finished& event) {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_ = &event;
  }

  // On the task's thread. False if the helper has finished already.
  bool Abandon() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (result_.has_value()) return false;
    finished_ = nullptr;
    return true;
  }

  // On the helper's thread. While the mutex is held, nobody abandons it, so the
  // event and its run exist.
  void Finish(Result result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    result_ = std::move(result);
    if (finished_ != nullptr) finished_->Post();
  }

  Result TakeResult() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return *std::move(result_);
  }

 private:
  std::mutex mutex_;  // Guards what follows.
  std::optional<Result> result_;
  Finished* finished_ = nullptr;
};

// Calls `function`, which captures all it needs by value, on a helper thread.
// `Result` is an absl::StatusOr.
// Cancellation: safe, if a call of `function` that nobody waits for does no
//   harm: it goes on.
template <typename Result>
Task<Result> OnHelperThread(std::function<Result()> function,
                            const char* what) {
  // From here on, nothing else runs before the Suspend() below: the task does
  // not become cancelled, so the event below is abandoned or waited for.
  co_await CheckpointIfCancelled();
  auto call = std::make_shared<HelperCall<Result>>();
  typename HelperCall<Result>::Finished finished;
  call->Expect(finished);
  const absl::Status started = StartHelperThread(
      [call, function = std::move(function)] { call->Finish(function()); });
  if (!started.ok()) co_return started;
  auto start = [&](Waker waker) { finished.waker = std::move(waker); };
  auto abort = [&] {
    // What has been posted will happen.
    return call->Abandon() ? Abort::kDone : Abort::kPending;
  };
  co_await Suspend(start, abort, what);
  co_return call->TakeResult();
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_HELPER_THREAD_H_
