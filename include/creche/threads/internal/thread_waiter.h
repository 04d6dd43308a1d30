// SPDX-License-Identifier: Apache-2.0
//
// ThreadWaiter: a task or a thread that waits at one end of a thread channel.

#ifndef CRECHE_THREADS_INTERNAL_THREAD_WAITER_H_
#define CRECHE_THREADS_INTERNAL_THREAD_WAITER_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/time/time.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/task_record.h"
#include "creche/sync/internal/channel_state.h"
#include "creche/threads/internal/run_message.h"

namespace creche::internal {

class RunGate;
struct ThreadWaiters;  // Tag: those in one queue.

// Guarded by the channel's mutex.
class ThreadWaiter : public ListLink<ThreadWaiters> {
 public:
  explicit ThreadWaiter(void* i) : item(i) {}

  // It has left its queue, and has its result. With the mutex. Returns whether
  // Wake() is to be called without the mutex.
  virtual bool Complete() = 0;
  virtual void Wake() {}

  // The T that is to be sent, or the ValueSlot<T> that is to be filled.
  void* const item;
  std::uint64_t handle = 0;  // By whose closing the wait ends.
  bool is_waiting = false;   // In a queue.
  ChannelResult result = ChannelResult::kWouldBlock;

 protected:
  ~ThreadWaiter() = default;
};

// A thread that is blocked.
class BlockedThread final : public ThreadWaiter {
 public:
  using ThreadWaiter::ThreadWaiter;

  bool Complete() override {
    completed_.notify_one();
    return false;
  }

  // Until it is completed, or so long. `lock` holds the channel's mutex.
  void Wait(std::unique_lock<std::mutex>& lock, absl::Duration at_most);

 private:
  std::condition_variable completed_;
};

// A task, which is woken by a message to its run, or at once where that is the
// run of this thread. Once it is completed it stays until then, whatever
// becomes of its task: the message has to arrive.
class WaitingTask final : public ThreadWaiter, public RunMessage {
 public:
  // The running task. From the moment when it is in a queue, other threads may
  // complete it.
  explicit WaitingTask(void* i);
  ~WaitingTask();

  bool Complete() override { return true; }
  void Wake() override;
  void Deliver() noexcept override;

  // Its task starts to wait; it is in its queue already.
  void StartWaiting();
  // It has left its queue, because its task is cancelled.
  void StopWaiting();

 private:
  const std::shared_ptr<RunGate> gate_;
  TaskRecord& task_;
};

}  // namespace creche::internal

#endif  // CRECHE_THREADS_INTERNAL_THREAD_WAITER_H_
