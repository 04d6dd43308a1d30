// SPDX-License-Identifier: Apache-2.0
//
// ThreadChannelEnd: what a ThreadSender and a ThreadReceiver have in common.

#ifndef CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_END_H_
#define CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_END_H_

#include <memory>
#include <utility>

#include "creche/sync/channel.h"
#include "creche/threads/internal/thread_channel_state.h"

namespace creche::internal {

// What a ThreadSender and a ThreadReceiver have in common.
template <typename T, typename Handle>
class ThreadChannelEnd {
 public:
  ThreadChannelEnd(ThreadChannelEnd&& other) noexcept
      : state_(std::move(other.state_)), handle_(other.handle_) {}
  ThreadChannelEnd& operator=(ThreadChannelEnd&& other) noexcept {
    if (this != &other) {
      Close();
      state_ = std::move(other.state_);
      handle_ = other.handle_;
    }
    return *this;
  }
  ThreadChannelEnd(const ThreadChannelEnd&) = delete;
  ThreadChannelEnd& operator=(const ThreadChannelEnd&) = delete;
  ~ThreadChannelEnd() { Close(); }

  // Another handle on the same end; the end is open until all are closed. That
  // of a closed handle is closed.
  Handle Clone() const {
    if (state_ == nullptr) return Handle(nullptr, {});
    return Handle(state_, Handle::NewHandle(*state_, &handle_));
  }

  // Closes this handle, and wakes the tasks and threads that wait on it. Has no
  // effect the second time.
  void Close() {
    if (state_ != nullptr) Handle::CloseHandle(*state_, handle_);
  }

  // True once closed, or moved from.
  bool is_closed() const {
    return state_ == nullptr || state_->is_closed(handle_);
  }

  // Of the channel, whichever handle is asked; all 0 if this one was moved
  // from. Threads that wait count as tasks.
  ChannelStatistics statistics() const {
    if (state_ == nullptr) return {};
    return state_->template statistics<ChannelStatistics>();
  }

 protected:
  using State = ThreadChannelState<T>;

  ThreadChannelEnd(std::shared_ptr<State> state, ThreadChannelHandle handle)
      : state_(std::move(state)), handle_(handle) {}

  std::shared_ptr<State> state_;  // Null: moved from.
  ThreadChannelHandle handle_;
};

}  // namespace creche::internal

#endif  // CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_END_H_
