// SPDX-License-Identifier: Apache-2.0
//
// EpollLoop: what a program has that writes its own event loop: a thread that
// waits in epoll_wait(), and an eventfd by which other threads hand it jobs.

#ifndef CRECHE_BENCHMARKS_BESIDE_EPOLL_LOOP_H_
#define CRECHE_BENCHMARKS_BESIDE_EPOLL_LOOP_H_

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace creche::benchmarks {

class EpollLoop {
 public:
  // Called with its argument. No allocation, and no type erasure but this.
  struct Job {
    void (*call)(void*);
    void* argument;
  };

  EpollLoop() {
    epoll_event event = {};
    event.events = EPOLLIN;
    epoll_ctl(events_, EPOLL_CTL_ADD, wake_, &event);
  }
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;
  ~EpollLoop() {
    close(wake_);
    close(events_);
  }

  // On any thread. Only the first of several jobs wakes the loop.
  void Post(Job job) {
    bool is_first = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_first = jobs_.empty();
      jobs_.push_back(job);
    }
    const std::uint64_t one = 1;
    if (is_first && write(wake_, &one, sizeof(one)) < 0) return;
  }

  // Waits for jobs, and calls them.
  void RunOnce() {
    epoll_event event;
    epoll_wait(events_, &event, 1, /*timeout=*/-1);
    std::uint64_t count;
    if (read(wake_, &count, sizeof(count)) < 0) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      jobs_.swap(taken_);
    }
    for (const Job& job : taken_) job.call(job.argument);
    taken_.clear();
  }

 private:
  const int events_ = epoll_create1(EPOLL_CLOEXEC);
  const int wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::mutex mutex_;
  std::vector<Job> jobs_;   // Guarded by mutex_.
  std::vector<Job> taken_;  // The loop's.
};

}  // namespace creche::benchmarks

#endif  // CRECHE_BENCHMARKS_BESIDE_EPOLL_LOOP_H_
