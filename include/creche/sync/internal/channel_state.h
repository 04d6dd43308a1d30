// SPDX-License-Identifier: Apache-2.0
//
// ChannelState: what the two ends of a channel share.

#ifndef CRECHE_SYNC_INTERNAL_CHANNEL_STATE_H_
#define CRECHE_SYNC_INTERNAL_CHANNEL_STATE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/contest.h"
#include "creche/core/parking_lot.h"
#include "creche/sync/internal/ring_buffer.h"
#include "creche/sync/internal/value_slot.h"

namespace creche::internal {

// How a send or receive has ended.
enum class ChannelResult : std::uint8_t {
  kDone,
  kWouldBlock,
  kEnd,     // Receiving: no sender is left, and nothing in the buffer.
  kBroken,  // Sending: no receiver is left.
  kClosed,  // The handle in use has been closed.
};

absl::Status SendError(ChannelResult result, const char* operation);
absl::Status ReceiveError(ChannelResult result, const char* operation);

// A Sender or Receiver, as those who wait on it see it.
struct ChannelHandle {
  size_t waiting = 0;
};

// A task that waits to send or to receive.
struct ChannelWaiter : Parked {
  ChannelWaiter() = default;
  ChannelWaiter(ChannelWaiter&&) noexcept {}  // It does not wait yet.

  void WaitOn(ChannelHandle& on) {
    handle = &on;
    ++handle->waiting;
    result = ChannelResult::kDone;
  }
  void StopWaiting() { --handle->waiting; }

  ChannelHandle* handle;  // Since WaitOn().
  ChannelResult result;   // Since it was tried.
};

template <typename T>
struct WaitingSender : ChannelWaiter {
  explicit WaitingSender(T&& v) : value(std::move(v)) {}

  T value;
};

template <typename T>
struct WaitingReceiver : ChannelWaiter {
  ValueSlot<T> value;
};

// The tasks that wait at one end of a channel.
class ChannelQueue {
 public:
  size_t size() const { return lot_.size(); }
  ParkingLot& lot() { return lot_; }
  ChannelWaiter* front() const {
    return static_cast<ChannelWaiter*>(lot_.front());
  }

  // The front waiter has what it wanted.
  void Complete(ChannelWaiter& waiter) {
    waiter.StopWaiting();
    lot_.Unpark(waiter);
  }

  // All who wait on `handle`, or simply all, end with `result`.
  void EndOn(const ChannelHandle& handle, ChannelResult result);
  void EndAll(ChannelResult result);

  // Those who wait on `from` wait on `to` from now on.
  void MoveHandle(const ChannelHandle& from, ChannelHandle& to);

 private:
  ParkingLot lot_;
};

// Invariants, whenever no function of this class is running:
// 1. While senders wait, the buffer is full; while receivers wait, it is empty.
// 2. No sender waits for a receiver that waits, unless both are the same
//    Select().
// 3. Without open receivers the buffer is empty and no sender waits; without
//    open senders no receiver waits.
template <typename T>
class ChannelState {
 public:
  explicit ChannelState(size_t capacity) : capacity_(capacity) {}
  ChannelState(const ChannelState&) = delete;
  ChannelState& operator=(const ChannelState&) = delete;

  // Moves from `value` if that gives kDone.
  ChannelResult TrySend(T& value) {
    if (open_receivers_ == 0) [[unlikely]]
      return ChannelResult::kBroken;
    if (auto* receiver = static_cast<WaitingReceiver<T>*>(receivers_.front())) {
      receiver->value.Put(std::move(value));
      receivers_.Complete(*receiver);
      return ChannelResult::kDone;
    }
    if (buffer_.size() >= capacity_) return ChannelResult::kWouldBlock;
    buffer_.PushBack(std::move(value));
    peak_ = std::max(peak_, buffer_.size());
    return ChannelResult::kDone;
  }

  // Fills `value` if that gives kDone.
  ChannelResult TryReceive(ValueSlot<T>& value) {
    auto* sender = static_cast<WaitingSender<T>*>(senders_.front());
    if (!buffer_.empty()) {
      value.Put(buffer_.PopFront());
      if (sender != nullptr) buffer_.PushBack(std::move(sender->value));
    } else if (sender != nullptr) {
      value.Put(std::move(sender->value));
    } else {
      return open_senders_ == 0 ? ChannelResult::kEnd
                                : ChannelResult::kWouldBlock;
    }
    if (sender != nullptr) senders_.Complete(*sender);
    return ChannelResult::kDone;
  }

  ChannelQueue& senders() { return senders_; }
  ChannelQueue& receivers() { return receivers_; }

  void AddSender() { ++open_senders_; }
  void AddReceiver() { ++open_receivers_; }

  void CloseSender(const ChannelHandle& handle) {
    if (handle.waiting > 0) senders_.EndOn(handle, ChannelResult::kClosed);
    if (--open_senders_ == 0) {
      receivers_.EndAll(ChannelResult::kEnd);
      if (open_receivers_ == 0) delete this;
    }
  }

  void CloseReceiver(const ChannelHandle& handle) {
    if (handle.waiting > 0) receivers_.EndOn(handle, ChannelResult::kClosed);
    if (--open_receivers_ == 0) {
      senders_.EndAll(ChannelResult::kBroken);
      // Destroyed last: the values may own handles of this very channel.
      const RingBuffer<T> dropped(std::move(buffer_));
      if (open_senders_ == 0) delete this;
    }
  }

  size_t capacity() const { return capacity_; }
  size_t buffer_used() const { return buffer_.size(); }
  size_t peak_buffer_used() const { return peak_; }
  size_t open_senders() const { return open_senders_; }
  size_t open_receivers() const { return open_receivers_; }

 private:
  ~ChannelState() = default;

  const size_t capacity_;
  size_t open_senders_ = 1;
  size_t open_receivers_ = 1;
  size_t peak_ = 0;
  RingBuffer<T> buffer_;
  ChannelQueue senders_;
  ChannelQueue receivers_;
};

}  // namespace creche::internal

#endif  // CRECHE_SYNC_INTERNAL_CHANNEL_STATE_H_
