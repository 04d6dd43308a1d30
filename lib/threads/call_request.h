// SPDX-License-Identifier: Apache-2.0
//
// CallRequest: a RunHandle::Call() on its way: made by the thread that waits
// for it, done by the run.

#ifndef CRECHE_LIB_THREADS_CALL_REQUEST_H_
#define CRECHE_LIB_THREADS_CALL_REQUEST_H_

#include <semaphore.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "creche/threads/run_handle.h"
#include "lib/threads/root_task.h"
#include "lib/threads/run_gate.h"
#include "lib/threads/thread_cache.h"

namespace creche::internal {

class ThreadWork;

class CallRequest final : public RunMessage, public RootWork {
 public:
  // `caller` is what this thread works at for a task of the run, if it does.
  CallRequest(CallBody& body, std::shared_ptr<ThreadWork> caller);
  ~CallRequest();

  // On the thread: blocks until the request has ended, and meanwhile does the
  // jobs that the thread is lent for. OK: the body has come to its end.
  absl::Status Wait();

  // On the run's thread.
  void Deliver() noexcept override;
  CRECHE_CORO_WRAPPER Task<> Run() override { return body_.Run(); }
  void Lend(ThreadJob& job);
  // Nothing of the body is left. The request may be gone when this returns.
  void Ended(absl::Status status) override;

 private:
  CallBody& body_;
  const std::shared_ptr<ThreadWork> caller_;  // Null: none.

  // What follows is written before a post, and read after a wait. The thread
  // that was told may destroy the semaphore at once: sem_post() does not touch
  // it after that (glibc since 2.21, bug 12674). With a mutex, the thread would
  // have to wait until the other has let go of it.
  sem_t news_;
  ThreadJob* lent_for_ = nullptr;
  std::optional<absl::Status> ended_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_CALL_REQUEST_H_
