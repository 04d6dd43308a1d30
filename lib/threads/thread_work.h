// SPDX-License-Identifier: Apache-2.0
//
// ThreadWork: a RunInThread() at work: what the task that waits, its run and
// the thread share.

#ifndef CRECHE_LIB_THREADS_THREAD_WORK_H_
#define CRECHE_LIB_THREADS_THREAD_WORK_H_

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "creche/core/abort.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/threads/run_in_thread.h"
#include "lib/threads/lent_thread.h"
#include "lib/threads/run_gate.h"
#include "lib/threads/thread_cache.h"

namespace creche::internal {

class CallRequest;

// The thread and the task each hold it. Which of them comes first to the end,
// the return or the abandoning, is decided by `state_`.
class ThreadWork final : public ThreadJob,
                         public std::enable_shared_from_this<ThreadWork> {
 public:
  ThreadWork(std::shared_ptr<ThreadCall> call, std::shared_ptr<RunGate> gate,
             const ThreadOptions& options);

  // What this thread works at; null: nothing.
  static ThreadWork* OfThisThread();

  const std::shared_ptr<RunGate>& gate() const { return gate_; }

  // On the run's thread, by the task that will wait: on `lent`, or on a thread
  // of the cache if that is null. `token` is for as long as the function runs;
  // without one, the lent thread has one of `limiter`.
  absl::Status Start(std::optional<CapacityToken> token,
                     const CapacityLimiter& limiter,
                     std::shared_ptr<LentThread> lent);

  // Waits until there is news: the function has returned, or there is a
  // request. Abandons the thread, if the options say so, when it is cancelled.
  class NewsOperation;
  NewsOperation WaitForNews();
  bool has_returned() const { return has_returned_; }
  CallRequest* TakeRequest() { return std::exchange(request_, nullptr); }

  // The thread waits for something in the run: as part of the task, if it still
  // waits for the thread. Returns whether it does.
  bool TakeOn(CallRequest& request);

  // Does what `request` is for, as part of the running task.
  Task<> Perform(CallRequest& request);

  // ThreadJob, on the thread.
  void Run() noexcept override;
  void Deliver() noexcept override;

 private:
  enum class State { kRunning, kReturned, kAbandoned };

  // RunMessage, on the run's thread: the function has returned.
  class Returned final : public RunMessage {
   public:
    explicit Returned(ThreadWork& work) : work_(work) {}
    void Deliver() noexcept override { work_.OnReturned(); }

   private:
    ThreadWork& work_;
  };

  void OnReturned();
  Abort RequestStop();
  void LeaveTokenBehind();
  void WakeHost();

  const std::shared_ptr<ThreadCall> call_;
  const std::shared_ptr<RunGate> gate_;
  const OnCancel on_cancel_;
  std::stop_source stop_;
  std::atomic<State> state_ = State::kRunning;
  std::shared_ptr<ThreadWork> self_;  // From Start() until it has returned.
  Returned returned_{*this};

  // Used on the run's thread only.
  TaskRecord* host_ = nullptr;  // While it waits.
  CallRequest* request_ = nullptr;
  bool has_returned_ = false;
  const CapacityLimiter* limiter_ = nullptr;  // Of the token, or the lent one.
  std::optional<CapacityToken> token_;
  std::optional<std::list<TokenLeftBehind>::iterator> left_behind_;
  std::shared_ptr<LentThread> lent_;
};

class [[nodiscard]] ThreadWork::NewsOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit NewsOperation(ThreadWork& work) : work_(work) {}

  bool await_ready() const {
    return work_.has_returned_ || work_.request_ != nullptr;
  }
  bool SuspendIn(Frame leaf);
  void await_resume() const {}

  const char* wait_name() const { return "RunInThread"; }
  Abort OnCancel() { return work_.RequestStop(); }

 private:
  ThreadWork& work_;
};

inline ThreadWork::NewsOperation ThreadWork::WaitForNews() {
  return NewsOperation(*this);
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_THREAD_WORK_H_
