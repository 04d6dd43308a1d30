// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/worker_threads.h"

#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>

#include "lib/epoll/calls.h"

namespace creche::internal {
namespace {

// Interrupts a call that blocks: any signal does that whose handler does not
// ask for the call to be restarted. A real-time signal that nobody uses, for
// the others have their meanings.
int ChooseSignal() {
  struct sigaction interrupt = {};
  interrupt.sa_handler = [](int) {};
  for (int signal = SIGRTMAX; signal >= SIGRTMIN; --signal) {
    struct sigaction current = {};
    if (sigaction(signal, nullptr, &current) == 0 &&
        current.sa_handler == SIG_DFL &&
        sigaction(signal, &interrupt, nullptr) == 0) {
      return signal;
    }
  }
  return 0;  // All are taken: nothing is interrupted, and calls take their
             // time.
}

int InterruptSignal() {
  static const int signal = ChooseSignal();
  return signal;
}

}  // namespace

bool WorkerThreads::Start(Job& job) {
  std::unique_lock lock(mutex_);
  if (idle_ <= queued_ && threads_.size() < kMost && !AddThread() &&
      threads_.empty()) {
    return false;
  }
  job.state_ = Job::State::kQueued;
  queue_.PushBack(&job);
  ++queued_;
  lock.unlock();
  has_work_.notify_one();
  return true;
}

// Signals are for the program's own threads.
bool WorkerThreads::AddThread() {
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  if (InterruptSignal() != 0) sigdelset(&all, InterruptSignal());
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, &RunThread, this);
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  if (error == 0) threads_.push_back(thread);
  return error == 0;
}

void* WorkerThreads::RunThread(void* self) {
  static_cast<WorkerThreads*>(self)->Work();
  return nullptr;
}

void WorkerThreads::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    has_work_.wait(lock, [this] { return !queue_.empty() || is_stopping_; });
    --idle_;
    if (queue_.empty()) return;
    Job& job = *queue_.front();
    job.Unlink();
    --queued_;
    ++running_;
    job.state_ = Job::State::kRunning;
    job.thread_ = pthread_self();
    lock.unlock();
    Run(job);
    lock.lock();
    job.state_ = Job::State::kFinished;
    --running_;
    finished_.push_back(&job);
    lock.unlock();
    on_finished_();
    lock.lock();
  }
}

// A signal may have been meant for the job before.
void WorkerThreads::Run(Job& job) {
  do {
    job.result = CallAndWait(job.entry);
  } while (job.result == -EINTR && !job.is_to_end_);
}

bool WorkerThreads::Withdraw(Job& job) {
  const std::lock_guard lock(mutex_);
  if (job.state_ == Job::State::kQueued) {
    job.state_ = Job::State::kNone;
    job.Unlink();
    --queued_;
    return true;
  }
  job.is_to_end_ = true;
  if (job.state_ == Job::State::kRunning && InterruptSignal() != 0) {
    pthread_kill(job.thread_, InterruptSignal());
  }
  return false;
}

void WorkerThreads::TakeFinished(std::vector<Job*>& finished) {
  const std::lock_guard lock(mutex_);
  finished.insert(finished.end(), finished_.begin(), finished_.end());
  finished_.clear();
}

bool WorkerThreads::is_busy() {
  const std::lock_guard lock(mutex_);
  return running_ > 0;
}

void WorkerThreads::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_all();
  for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  threads_.clear();
  is_stopping_ = false;
}

}  // namespace creche::internal
