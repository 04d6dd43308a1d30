// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/thread_work.h"

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/threads/run_in_thread.h"
#include "lib/core/scheduler.h"
#include "lib/threads/call_request.h"
#include "lib/threads/run_threads.h"

namespace creche::internal {
namespace {

thread_local ThreadWork* work_of_this_thread = nullptr;

}  // namespace

ThreadWork::ThreadWork(std::shared_ptr<ThreadCall> call,
                       std::shared_ptr<RunGate> gate,
                       const ThreadOptions& options)
    : ThreadJob(options.name()),
      call_(std::move(call)),
      gate_(std::move(gate)),
      on_cancel_(options.on_cancel()),
      stop_(std::nostopstate) {
  if (call_->takes_stop_token()) stop_ = std::stop_source();
}

ThreadWork* ThreadWork::OfThisThread() { return work_of_this_thread; }

absl::Status ThreadWork::Start(std::optional<CapacityToken> token,
                               const CapacityLimiter& limiter,
                               std::shared_ptr<LentThread> lent) {
  self_ = shared_from_this();
  limiter_ = &limiter;
  if (lent != nullptr) {
    token_ = std::move(token);
    lent_ = std::move(lent);
    lent_->Start(*this);
    return absl::OkStatus();
  }
  absl::Status started = ThreadCache::OfTheProcess().Start(*this);
  if (!started.ok()) {
    self_ = nullptr;
    return started;
  }
  token_ = std::move(token);
  return started;
}

void ThreadWork::Run() noexcept {
  ThreadWork* const outer = std::exchange(work_of_this_thread, this);
  call_->Invoke(stop_.get_token());
  State running = State::kRunning;
  if (!state_.compare_exchange_strong(running, State::kReturned)) {
    call_->DropResult();
  }
  work_of_this_thread = outer;
}

// Once it was sent, the run's thread may destroy this, or end the run.
void ThreadWork::Deliver() noexcept {
  const std::shared_ptr<RunGate> gate = gate_;
  if (!gate->Send(returned_)) self_ = nullptr;
}

void ThreadWork::OnReturned() {
  const std::shared_ptr<ThreadWork> self = std::move(self_);
  has_returned_ = true;
  if (left_behind_.has_value()) {
    RunThreads::Current().left_behind().erase(*left_behind_);
  }
  if (lent_ != nullptr) lent_->Free();
  WakeHost();
}

void ThreadWork::WakeHost() {
  if (host_ != nullptr) std::exchange(host_, nullptr)->Wake();
}

bool ThreadWork::TakeOn(CallRequest& request) {
  if (state_ == State::kAbandoned) return false;
  request_ = &request;
  WakeHost();
  return true;
}

bool ThreadWork::NewsOperation::SuspendIn(Frame leaf) {
  TaskRecord& task = *running.task;
  work_.host_ = &task;
  task.Wait(leaf, *this);
  if (task.is_cancelled()) task.RequestAbort();
  return true;
}

Abort ThreadWork::RequestStop() {
  stop_.request_stop();
  if (on_cancel_ == OnCancel::kWait) return Abort::kPending;
  State running = State::kRunning;
  if (!state_.compare_exchange_strong(running, State::kAbandoned)) {
    return Abort::kPending;
  }
  host_ = nullptr;
  LeaveTokenBehind();
  return Abort::kDone;
}

void ThreadWork::LeaveTokenBehind() {
  if (!token_.has_value()) return;
  std::list<TokenLeftBehind>& tokens = RunThreads::Current().left_behind();
  left_behind_ = tokens.emplace(tokens.end(), *std::move(token_));
  token_.reset();
}

// The nursery is what keeps a cancellation from unwinding the task while the
// thread is still there.
Task<> ThreadWork::Perform(CallRequest& request) {
  absl::StatusOr<bool> completed = false;
  {
    const LentThread::Lending lending(
        std::make_shared<LentThread>(request, *limiter_));
    auto body = [&request](Nursery& nursery) -> Task<bool> {
      NurseryAccess::State(nursery).KeepCompleted();
      co_await request.Run();
      co_return true;
    };
    completed = co_await WithNursery(body);
  }
  request.Ended(std::move(completed).status());
}

namespace {

// While it exists, a thread works for a task of the run.
class HelperAtWork {
 public:
  explicit HelperAtWork(std::shared_ptr<RunGate> gate)
      : handle_(std::move(gate)), scheduler_(*running.scheduler) {
    scheduler_.AddHelper();
  }
  HelperAtWork(const HelperAtWork&) = delete;
  HelperAtWork& operator=(const HelperAtWork&) = delete;
  ~HelperAtWork() { scheduler_.RemoveHelper(); }

 private:
  const CountedHandle handle_;
  Scheduler& scheduler_;
};

// A token, if one is needed beside that of the thread that is lent to the task;
// and that thread, if it is free.
class Permission {
 public:
  explicit Permission(CapacityLimiter& limiter)
      : limiter_(limiter), lent_(LentThread::OfThisTask()) {}

  Task<> Wait() {
    if (lent_ == nullptr || lent_->limiter() != &limiter_) {
      token_ = co_await limiter_.Acquire();
    } else if (lent_->is_busy()) {
      co_await WaitForEither();
    }
    if (!may_have_lent()) lent_ = nullptr;
  }

  std::optional<CapacityToken> TakeToken() { return std::move(token_); }
  std::shared_ptr<LentThread> TakeLent() { return std::move(lent_); }

 private:
  bool may_have_lent() const {
    return lent_ != nullptr && lent_->is_open() && !lent_->is_busy();
  }

  // Whoever waits for a token only might wait for one that the lent thread has.
  Task<> WaitForEither() {
    token_ = limiter_.TryAcquire();
    while (!token_.has_value() && lent_->is_open() && lent_->is_busy()) {
      co_await lent_->waiters().Park("RunInThread");
    }
    if (!token_.has_value() && !lent_->is_open()) {
      token_ = co_await limiter_.Acquire();
    }
  }

  CapacityLimiter& limiter_;
  std::shared_ptr<LentThread> lent_;
  std::optional<CapacityToken> token_;
};

}  // namespace

Task<absl::Status> InvokeOnThread(std::shared_ptr<ThreadCall> call,
                                  ThreadOptions options) {
  RunThreads& threads = RunThreads::Current();
  CapacityLimiter& limiter =
      options.limiter() != nullptr ? *options.limiter() : threads.limiter();
  Permission permission(limiter);
  co_await permission.Wait();
  // From here to the wait for news nothing else runs.
  co_await CheckpointIfCancelled();
  const HelperAtWork at_work(threads.gate());
  const auto work =
      std::make_shared<ThreadWork>(std::move(call), threads.gate(), options);
  absl::Status started =
      work->Start(permission.TakeToken(), limiter, permission.TakeLent());
  if (!started.ok()) co_return started;
  for (;;) {
    co_await work->WaitForNews();
    if (CallRequest* request = work->TakeRequest()) {
      co_await work->Perform(*request);
    } else if (work->has_returned()) {
      co_return absl::OkStatus();
    }
  }
}

}  // namespace creche::internal
