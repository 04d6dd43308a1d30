// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/call_request.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "lib/threads/root_task.h"
#include "lib/threads/thread_work.h"

namespace creche::internal {

CallRequest::CallRequest(CallBody& body, std::shared_ptr<ThreadWork> caller)
    : body_(body), caller_(std::move(caller)) {}

CallRequest::~CallRequest() = default;

absl::Status CallRequest::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    has_news_.wait(
        lock, [this] { return ended_.has_value() || lent_for_ != nullptr; });
    ThreadJob* const job = std::exchange(lent_for_, nullptr);
    if (job == nullptr) return *std::move(ended_);
    lock.unlock();
    job->Run();
    job->Deliver();
    lock.lock();
  }
}

void CallRequest::Deliver() noexcept {
  if (caller_ != nullptr && caller_->TakeOn(*this)) return;
  if (StartRootTask(*this, "RunHandle::Call")) return;
  Ended(absl::CancelledError("RunHandle::Call: the run's main task has ended"));
}

void CallRequest::Lend(ThreadJob& job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  lent_for_ = &job;
  has_news_.notify_one();
}

// With the mutex, so that the thread does not destroy it before it was told.
void CallRequest::Ended(absl::Status status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = std::move(status);
  has_news_.notify_one();
}

}  // namespace creche::internal
