// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/call_request.h"

#include <semaphore.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "lib/threads/root_task.h"
#include "lib/threads/thread_work.h"

namespace creche::internal {

CallRequest::CallRequest(CallBody& body, std::shared_ptr<ThreadWork> caller)
    : body_(body), caller_(std::move(caller)) {
  sem_init(&news_, /*pshared=*/0, /*value=*/0);
}

CallRequest::~CallRequest() { sem_destroy(&news_); }

absl::Status CallRequest::Wait() {
  for (;;) {
    while (sem_wait(&news_) != 0) {  // A signal.
    }
    // First, if there is one: the body may have left the job behind.
    ThreadJob* const job = std::exchange(lent_for_, nullptr);
    if (job == nullptr) return *std::move(ended_);
    job->Run();
    job->Deliver();
  }
}

void CallRequest::Deliver() noexcept {
  if (caller_ != nullptr && caller_->TakeOn(*this)) return;
  if (StartRootTask(*this, "RunHandle::Call")) return;
  Ended(absl::CancelledError("RunHandle::Call: the run's main task has ended"));
}

void CallRequest::Lend(ThreadJob& job) {
  lent_for_ = &job;
  sem_post(&news_);
}

void CallRequest::Ended(absl::Status status) {
  ended_ = std::move(status);
  sem_post(&news_);
}

}  // namespace creche::internal
