// SPDX-License-Identifier: Apache-2.0
//
// ThreadCache: the threads of the process that do work for its runs, kept for
// the next.

#ifndef CRECHE_LIB_THREADS_THREAD_CACHE_H_
#define CRECHE_LIB_THREADS_THREAD_CACHE_H_

#include <semaphore.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace creche::internal {

// What a thread is to do. It stays until Deliver() is called.
class ThreadJob {
 public:
  explicit ThreadJob(std::string name) : name_(std::move(name)) {}
  ThreadJob(const ThreadJob&) = delete;
  ThreadJob& operator=(const ThreadJob&) = delete;

  // The work, on the thread.
  virtual void Run() noexcept = 0;

  // Tells whoever waits for it. The thread counts as idle by then, so that who
  // is told finds it for the next job. May end the life of the job.
  virtual void Deliver() noexcept = 0;

  // What the thread is called meanwhile; empty: the usual.
  const std::string& name() const { return name_; }

 protected:
  ~ThreadJob() = default;

 private:
  const std::string name_;
};

// Threads that are idle are used again, the last one first, and end when there
// was nothing to do for them for 10 s, or at once where enough others are idle.
// The cache is never destroyed: its threads may outlive main().
class ThreadCache {
 public:
  static constexpr auto kIdleTime = std::chrono::seconds(10);
  static constexpr size_t kMaxIdle = 64;

  static ThreadCache& OfTheProcess();

  // Runs `job` on an idle thread, or on a new one.
  // Errors: kResourceExhausted: there is none to be had; nothing was begun.
  // Thread safety: any thread.
  absl::Status Start(ThreadJob& job);

  // For tests.
  size_t idle();
  void set_idle_time(std::chrono::steady_clock::duration idle_time);

 private:
  struct Worker {
    Worker() { sem_init(&has_job, /*pshared=*/0, /*value=*/0); }
    ~Worker() { sem_destroy(&has_job); }

    // Posted once for each job. (A condition variable's mutex counts as
    // contended after each wait, and to unlock it is a system call.)
    sem_t has_job;
    ThreadJob* job = nullptr;  // Guarded by the cache's mutex.
    bool has_name = false;
  };

  ThreadCache();
  bool GiveToIdle(ThreadJob& job);
  static void* RunWorker(void* job);
  void Work(Worker& worker);
  bool BecomeIdle(Worker& worker);
  bool WaitForJob(Worker& worker);
  // False: not before the end of the idle time.
  bool WaitToBeTold(Worker& worker);
  timespec EndOfIdleTime();
  static void SetName(Worker& worker, const std::string& name);

  std::mutex mutex_;  // Guards what follows.
  std::vector<Worker*> idle_;
  std::chrono::steady_clock::duration idle_time_ = kIdleTime;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_THREAD_CACHE_H_
