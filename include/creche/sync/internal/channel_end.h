// SPDX-License-Identifier: Apache-2.0
//
// ChannelEnd: what a Sender and a Receiver have in common.

#ifndef CRECHE_SYNC_INTERNAL_CHANNEL_END_H_
#define CRECHE_SYNC_INTERNAL_CHANNEL_END_H_

#include <type_traits>
#include <utility>

#include "creche/sync/internal/channel_state.h"

namespace creche {

struct ChannelStatistics;

namespace internal {

// What a Sender and a Receiver have in common: a handle on the channel, which
// is closed at the latest when it is destroyed.
template <typename T, typename Handle>
class ChannelEnd : private ChannelHandle {
  static_assert(std::is_object_v<T> && !std::is_const_v<T>,
                "creche: the values of a channel are movable objects");

 public:
  ChannelEnd(ChannelEnd&& other) noexcept { MoveFrom(other); }
  ChannelEnd& operator=(ChannelEnd&& other) noexcept {
    if (this != &other) {
      Close();
      MoveFrom(other);
    }
    return *this;
  }
  ChannelEnd(const ChannelEnd&) = delete;
  ChannelEnd& operator=(const ChannelEnd&) = delete;
  ~ChannelEnd() { Close(); }

  // Another handle on the same end; the end is open until all are closed. That
  // of a closed handle is closed.
  Handle Clone() const {
    if (state_ != nullptr) Handle::AddTo(*state_);
    return Handle(state_);
  }

  // Closes this handle, and wakes the tasks that wait on it. Has no effect the
  // second time.
  void Close() {
    if (State* state = std::exchange(state_, nullptr)) {
      Handle::RemoveFrom(*state, *this);
    }
  }

  // True once closed, or moved from.
  bool is_closed() const { return state_ == nullptr; }

  // Of the channel, whichever handle is asked; all 0 if this one is closed.
  ChannelStatistics statistics() const;

 protected:
  using State = ChannelState<T>;

  explicit ChannelEnd(State* state) : state_(state) {}

  State* state() const { return state_; }
  ChannelHandle& handle() { return *this; }

 private:
  void MoveFrom(ChannelEnd& other) {
    state_ = std::exchange(other.state_, nullptr);
    waiting = std::exchange(other.waiting, 0);
    if (waiting > 0) Handle::QueueOf(*state_).MoveHandle(other, *this);
  }

  State* state_ = nullptr;
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_SYNC_INTERNAL_CHANNEL_END_H_
