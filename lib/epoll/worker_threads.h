// SPDX-License-Identifier: Apache-2.0
//
// WorkerThreads: do what blocks, for an EpollPort.

#ifndef CRECHE_LIB_EPOLL_WORKER_THREADS_H_
#define CRECHE_LIB_EPOLL_WORKER_THREADS_H_

#include <liburing.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "creche/core/internal/intrusive_list.h"

namespace creche::internal {

struct WorkerQueueTag;

// Threads come as they are needed, and stay until the pool is stopped. All
// functions are for the thread of the run.
class WorkerThreads {
 public:
  // When so many wait, for the other end of a FIFO say, what comes next waits
  // for them.
  static constexpr size_t kMost = 256;

  // A call that blocks. Stays where it is until it is finished or withdrawn.
  class Job : public ListLink<WorkerQueueTag> {
   public:
    io_uring_sqe entry = {};
    int result = 0;  // Once it is finished.

   private:
    friend class WorkerThreads;

    enum class State { kNone, kQueued, kRunning, kFinished };
    State state_ = State::kNone;
    pthread_t thread_ = {};  // While it runs.
    std::atomic<bool> is_to_end_ = false;
  };

  // `on_finished` is called on the worker's thread.
  explicit WorkerThreads(std::function<void()> on_finished)
      : on_finished_(std::move(on_finished)) {}
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;
  ~WorkerThreads() { Stop(); }

  // Returns false if there is no thread, and none is to be had.
  bool Start(Job& job);

  // Returns true if `job` had not begun: nothing will come of it. Otherwise
  // interrupts it. The signal has no effect on a call that has not quite begun
  // or cannot be interrupted, so ask again, until it is finished.
  bool Withdraw(Job& job);

  // Moves the jobs that have finished since to the end of `finished`.
  void TakeFinished(std::vector<Job*>& finished);

  // Whether any job has begun and not finished.
  bool is_busy();

  // Ends the threads. Requires: no job is queued or running.
  void Stop();

 private:
  using Queue = IntrusiveList<Job, WorkerQueueTag>;

  bool AddThread();
  static void* RunThread(void* self);
  void Work();
  void Run(Job& job);

  const std::function<void()> on_finished_;
  std::vector<pthread_t> threads_;

  std::mutex mutex_;  // Guards what follows, and the states of jobs.
  std::condition_variable has_work_;
  Queue queue_;
  size_t queued_ = 0;
  size_t idle_ = 0;
  size_t running_ = 0;
  std::vector<Job*> finished_;
  bool is_stopping_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_WORKER_THREADS_H_
