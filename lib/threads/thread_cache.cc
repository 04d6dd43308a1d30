// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/thread_cache.h"

#include <pthread.h>
#include <semaphore.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace creche::internal {
namespace {

constexpr const char* kUsualName = "creche thread";
constexpr size_t kMaxName = 15;  // The kernel's limit.

}  // namespace

ThreadCache& ThreadCache::OfTheProcess() {
  static auto* const cache = new ThreadCache;
  return *cache;
}

// The child of a fork() has none of the threads.
ThreadCache::ThreadCache() {
  const auto lock = [] { OfTheProcess().mutex_.lock(); };
  const auto unlock = [] { OfTheProcess().mutex_.unlock(); };
  const auto forget = [] {
    OfTheProcess().idle_.clear();
    OfTheProcess().mutex_.unlock();
  };
  // No memory: the child will wait for threads that it has not.
  static_cast<void>(pthread_atfork(lock, unlock, forget));
}

absl::Status ThreadCache::Start(ThreadJob& job) {
  if (GiveToIdle(job)) return absl::OkStatus();
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, &RunWorker, &job);
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  if (error != 0) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "start a thread: ", std::strerror(error),
        " (is there memory for its stack, and do ulimit -u and the cgroup's "
        "pids.max allow for one more?)"));
  }
  pthread_detach(thread);
  return absl::OkStatus();
}

bool ThreadCache::GiveToIdle(ThreadJob& job) {
  Worker* worker = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return false;
    worker = idle_.back();
    idle_.pop_back();
    worker->job = &job;
  }
  // The worker waits for this before it does anything else.
  sem_post(&worker->has_job);
  return true;
}

size_t ThreadCache::idle() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return idle_.size();
}

void ThreadCache::set_idle_time(std::chrono::steady_clock::duration idle_time) {
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_time_ = idle_time;
}

void* ThreadCache::RunWorker(void* job) {
  Worker worker;
  worker.job = static_cast<ThreadJob*>(job);
  worker.has_name = true;  // That of the thread that has made it.
  OfTheProcess().Work(worker);
  return nullptr;
}

void ThreadCache::Work(Worker& worker) {
  bool goes_on = true;
  do {
    ThreadJob& job = *std::exchange(worker.job, nullptr);
    SetName(worker, job.name());
    job.Run();
    goes_on = BecomeIdle(worker);
    job.Deliver();
  } while (goes_on && WaitForJob(worker));
}

bool ThreadCache::BecomeIdle(Worker& worker) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (idle_.size() >= kMaxIdle) return false;
  idle_.push_back(&worker);
  return true;
}

bool ThreadCache::WaitForJob(Worker& worker) {
  const bool was_told = WaitToBeTold(worker);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (worker.job == nullptr) {
      std::erase(idle_, &worker);
      return false;
    }
  }
  // One that was given a job when the time was over is told in a moment.
  while (!was_told && sem_wait(&worker.has_job) != 0) {
  }
  return true;
}

bool ThreadCache::WaitToBeTold(Worker& worker) {
  const timespec until = EndOfIdleTime();
  while (sem_clockwait(&worker.has_job, CLOCK_MONOTONIC, &until) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

timespec ThreadCache::EndOfIdleTime() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::lock_guard<std::mutex> lock(mutex_);
  return absl::ToTimespec(absl::FromChrono(now + idle_time_));
}

void ThreadCache::SetName(Worker& worker, const std::string& name) {
  if (name.empty() && !worker.has_name) return;
  worker.has_name = !name.empty();
  pthread_setname_np(pthread_self(), name.empty()
                                         ? kUsualName
                                         : name.substr(0, kMaxName).c_str());
}

}  // namespace creche::internal
