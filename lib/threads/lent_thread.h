// SPDX-License-Identifier: Apache-2.0
//
// LentThread: a thread that waits in RunHandle::Call() for something in the
// run, which may have it for what it runs in threads itself. So a chain from
// thread to run to thread needs one thread, and one token of the limiter.

#ifndef CRECHE_LIB_THREADS_LENT_THREAD_H_
#define CRECHE_LIB_THREADS_LENT_THREAD_H_

#include <memory>

#include "creche/core/internal/local_bindings.h"
#include "creche/core/parking_lot.h"
#include "creche/sync/capacity_limiter.h"
#include "lib/threads/call_request.h"
#include "lib/threads/thread_cache.h"

namespace creche::internal {

// Belongs to the run's thread. Known by a task-local to all tasks that come
// from the call, some of which may outlive it: then it is closed.
class LentThread : public std::enable_shared_from_this<LentThread> {
 public:
  // `limiter` is that of the token that the thread has.
  LentThread(CallRequest& request, const CapacityLimiter& limiter)
      : request_(&request), limiter_(&limiter) {}

  // That of the running task; null if there is none.
  static std::shared_ptr<LentThread> OfThisTask();

  bool is_open() const { return request_ != nullptr; }
  bool is_busy() const { return is_busy_; }
  const CapacityLimiter* limiter() const { return limiter_; }

  // Who waits in here looks again when the thread is free, or closed.
  ParkingLot& waiters() { return waiters_; }

  // Requires: is_open() and not is_busy(), until Free().
  void Start(ThreadJob& job) {
    is_busy_ = true;
    request_->Lend(job);
  }
  void Free() {
    is_busy_ = false;
    waiters_.UnparkAll();
  }

  void Close() {
    request_ = nullptr;
    waiters_.UnparkAll();
  }

  // While it exists, the running task has this thread.
  class Lending {
   public:
    explicit Lending(std::shared_ptr<LentThread> thread);
    ~Lending() { thread_->Close(); }

   private:
    const std::shared_ptr<LentThread> thread_;
    const LocalBinding binding_;
  };

 private:
  CallRequest* request_;
  const CapacityLimiter* const limiter_;
  bool is_busy_ = false;
  ParkingLot waiters_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_LENT_THREAD_H_
