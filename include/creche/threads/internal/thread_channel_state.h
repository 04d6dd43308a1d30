// SPDX-License-Identifier: Apache-2.0
//
// ThreadChannelState: what the ends of a thread channel share.

#ifndef CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_STATE_H_
#define CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_STATE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/sync/internal/channel_state.h"
#include "creche/sync/internal/ring_buffer.h"
#include "creche/sync/internal/value_slot.h"
#include "creche/threads/internal/thread_waiter.h"

namespace creche::internal {

// Aborts, naming `what`, on a run's thread.
void CheckMayBlock(const char* what);

// The error of `what`, which has waited so long.
absl::Status BlockedForTooLong(const char* what, absl::Duration timeout);

// A handle on one end. Guarded by the channel's mutex.
struct ThreadChannelHandle {
  std::uint64_t id = 0;
  bool is_closed = false;
};

// Those who wait at one end.
class ThreadWaiterQueue {
 public:
  ThreadWaiter* front() const { return waiters_.front(); }
  size_t size() const { return size_; }

  void Add(ThreadWaiter& waiter, std::uint64_t handle) {
    waiter.handle = handle;
    waiter.is_waiting = true;
    waiters_.PushBack(&waiter);
    ++size_;
  }
  // False: it has been completed.
  bool Remove(ThreadWaiter& waiter) {
    if (!std::exchange(waiter.is_waiting, false)) return false;
    waiter.Unlink();
    --size_;
    return true;
  }
  ThreadWaiter* after(const ThreadWaiter& waiter) const {
    return waiters_.after(&waiter);
  }

 private:
  IntrusiveList<ThreadWaiter, ThreadWaiters> waiters_;
  size_t size_ = 0;
};

// The mutex of a channel is held while this exists. Tasks that were completed
// meanwhile are woken after it was released.
class ThreadChannelLock {
 public:
  explicit ThreadChannelLock(std::mutex& mutex) : lock_(mutex) {}
  ThreadChannelLock(const ThreadChannelLock&) = delete;
  ThreadChannelLock& operator=(const ThreadChannelLock&) = delete;
  ~ThreadChannelLock() {
    lock_.unlock();
    while (ThreadWaiter* waiter = woken_.front()) {
      waiter->Unlink();
      waiter->Wake();
    }
  }

  // The wait of `waiter`, which is in `queue`, has ended.
  void Complete(ThreadWaiterQueue& queue, ThreadWaiter& waiter,
                ChannelResult result) {
    queue.Remove(waiter);
    waiter.result = result;
    if (waiter.Complete()) woken_.PushBack(&waiter);
  }

  std::unique_lock<std::mutex>& lock() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
  IntrusiveList<ThreadWaiter, ThreadWaiters> woken_;
};

// The same invariants as of ChannelState, whenever nobody holds the mutex.
template <typename T>
class ThreadChannelState {
 public:
  explicit ThreadChannelState(size_t capacity) : capacity_(capacity) {}
  ThreadChannelState(const ThreadChannelState&) = delete;
  ThreadChannelState& operator=(const ThreadChannelState&) = delete;

  // Moves from `value` if that gives kDone.
  ChannelResult TrySend(const ThreadChannelHandle& handle, T& value) {
    ThreadChannelLock lock(mutex_);
    return Send(handle, value, lock);
  }
  // Fills `value` if that gives kDone.
  ChannelResult TryReceive(const ThreadChannelHandle& handle,
                           ValueSlot<T>& value) {
    ThreadChannelLock lock(mutex_);
    return Receive(handle, value, lock);
  }

  // The same for one who waits, from now on, if that gives kWouldBlock.
  ChannelResult SendOrWait(const ThreadChannelHandle& handle,
                           ThreadWaiter& waiter) {
    ThreadChannelLock lock(mutex_);
    return SendOrWait(handle, waiter, lock);
  }
  ChannelResult ReceiveOrWait(const ThreadChannelHandle& handle,
                              ThreadWaiter& waiter) {
    ThreadChannelLock lock(mutex_);
    return ReceiveOrWait(handle, waiter, lock);
  }

  // The same for this thread. kWouldBlock: the time was up.
  ChannelResult BlockingSend(const ThreadChannelHandle& handle, T& value,
                             absl::Duration at_most) {
    BlockedThread waiter(&value);
    ThreadChannelLock lock(mutex_);
    const ChannelResult result = SendOrWait(handle, waiter, lock);
    return Await(senders_, waiter, result, at_most, lock);
  }
  ChannelResult BlockingReceive(const ThreadChannelHandle& handle,
                                ValueSlot<T>& value, absl::Duration at_most) {
    BlockedThread waiter(&value);
    ThreadChannelLock lock(mutex_);
    const ChannelResult result = ReceiveOrWait(handle, waiter, lock);
    return Await(receivers_, waiter, result, at_most, lock);
  }

  // Nothing has been sent, or taken, and will be. False: it has been.
  bool StopSending(ThreadWaiter& waiter) {
    ThreadChannelLock lock(mutex_);
    return senders_.Remove(waiter);
  }
  bool StopReceiving(ThreadWaiter& waiter) {
    ThreadChannelLock lock(mutex_);
    return receivers_.Remove(waiter);
  }

  ThreadChannelHandle NewSender(const ThreadChannelHandle* like) {
    return NewHandle(open_senders_, like);
  }
  ThreadChannelHandle NewReceiver(const ThreadChannelHandle* like) {
    return NewHandle(open_receivers_, like);
  }

  void CloseSender(ThreadChannelHandle& handle) {
    ThreadChannelLock lock(mutex_);
    if (std::exchange(handle.is_closed, true)) return;
    EndOn(senders_, handle.id, lock);
    if (--open_senders_ == 0) EndAll(receivers_, ChannelResult::kEnd, lock);
  }
  void CloseReceiver(ThreadChannelHandle& handle) {
    std::optional<RingBuffer<T>> dropped;  // Destroyed after the lock.
    ThreadChannelLock lock(mutex_);
    if (std::exchange(handle.is_closed, true)) return;
    EndOn(receivers_, handle.id, lock);
    if (--open_receivers_ > 0) return;
    EndAll(senders_, ChannelResult::kBroken, lock);
    dropped.emplace(std::move(buffer_));
  }
  bool is_closed(const ThreadChannelHandle& handle) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return handle.is_closed;
  }

  template <typename Statistics>
  Statistics statistics() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {capacity_,        buffer_.size(),  peak_,
            open_senders_,    open_receivers_, senders_.size(),
            receivers_.size()};
  }

 private:
  static T& Sent(ThreadWaiter& waiter) { return *static_cast<T*>(waiter.item); }

  ChannelResult Send(const ThreadChannelHandle& handle, T& value,
                     ThreadChannelLock& lock) {
    if (handle.is_closed) return ChannelResult::kClosed;
    if (open_receivers_ == 0) return ChannelResult::kBroken;
    if (ThreadWaiter* receiver = receivers_.front()) {
      static_cast<ValueSlot<T>*>(receiver->item)->Put(std::move(value));
      lock.Complete(receivers_, *receiver, ChannelResult::kDone);
      return ChannelResult::kDone;
    }
    if (buffer_.size() >= capacity_) return ChannelResult::kWouldBlock;
    buffer_.PushBack(std::move(value));
    peak_ = std::max(peak_, buffer_.size());
    return ChannelResult::kDone;
  }

  ChannelResult Receive(const ThreadChannelHandle& handle, ValueSlot<T>& value,
                        ThreadChannelLock& lock) {
    if (handle.is_closed) return ChannelResult::kClosed;
    ThreadWaiter* const sender = senders_.front();
    if (!buffer_.empty()) {
      value.Put(buffer_.PopFront());
      if (sender != nullptr) buffer_.PushBack(std::move(Sent(*sender)));
    } else if (sender != nullptr) {
      value.Put(std::move(Sent(*sender)));
    } else {
      return open_senders_ == 0 ? ChannelResult::kEnd
                                : ChannelResult::kWouldBlock;
    }
    if (sender != nullptr) {
      lock.Complete(senders_, *sender, ChannelResult::kDone);
    }
    return ChannelResult::kDone;
  }

  ChannelResult SendOrWait(const ThreadChannelHandle& handle,
                           ThreadWaiter& waiter, ThreadChannelLock& lock) {
    const ChannelResult result = Send(handle, Sent(waiter), lock);
    if (result == ChannelResult::kWouldBlock) senders_.Add(waiter, handle.id);
    return result;
  }
  ChannelResult ReceiveOrWait(const ThreadChannelHandle& handle,
                              ThreadWaiter& waiter, ThreadChannelLock& lock) {
    const ChannelResult result =
        Receive(handle, *static_cast<ValueSlot<T>*>(waiter.item), lock);
    if (result == ChannelResult::kWouldBlock) receivers_.Add(waiter, handle.id);
    return result;
  }

  static ChannelResult Await(ThreadWaiterQueue& queue, BlockedThread& waiter,
                             ChannelResult result, absl::Duration at_most,
                             ThreadChannelLock& lock) {
    if (result != ChannelResult::kWouldBlock) return result;
    waiter.Wait(lock.lock(), at_most);
    queue.Remove(waiter);
    return waiter.result;
  }

  // An open one, unless `like` is closed.
  ThreadChannelHandle NewHandle(size_t& open, const ThreadChannelHandle* like) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool is_closed = like != nullptr && like->is_closed;
    if (!is_closed) ++open;
    return {++newest_handle_, is_closed};
  }

  static void EndOn(ThreadWaiterQueue& queue, std::uint64_t handle,
                    ThreadChannelLock& lock) {
    for (ThreadWaiter* waiter = queue.front(); waiter != nullptr;) {
      ThreadWaiter& ending = *std::exchange(waiter, queue.after(*waiter));
      if (ending.handle != handle) continue;
      lock.Complete(queue, ending, ChannelResult::kClosed);
    }
  }
  static void EndAll(ThreadWaiterQueue& queue, ChannelResult result,
                     ThreadChannelLock& lock) {
    while (ThreadWaiter* waiter = queue.front()) {
      lock.Complete(queue, *waiter, result);
    }
  }

  const size_t capacity_;
  std::mutex mutex_;  // Guards what follows.
  size_t open_senders_ = 0;
  size_t open_receivers_ = 0;
  std::uint64_t newest_handle_ = 0;
  size_t peak_ = 0;
  RingBuffer<T> buffer_;
  ThreadWaiterQueue senders_;
  ThreadWaiterQueue receivers_;
};

}  // namespace creche::internal

#endif  // CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_STATE_H_
