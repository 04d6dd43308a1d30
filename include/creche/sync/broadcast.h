// SPDX-License-Identifier: Apache-2.0
//
// Broadcast: values that every subscriber sees.
//
//   creche::Broadcast<Tick> ticks(100);
//   nursery.StartSoon(Record, ticks.Subscribe());
//   ticks.Send(tick).IgnoreError();  // Never waits.
//
//   creche::Task<absl::Status> Record(creche::Subscription<Tick> ticks) {
//     for (;;) {
//       absl::StatusOr<Tick> tick = co_await ticks.Receive();
//       if (creche::IsEndOfStream(tick.status())) co_return absl::OkStatus();
//       if (tick.ok()) {
//         Write(*tick);
//       } else {
//         Log(tick.status());  // Missed some.
//       }
//     }
//   }
//
// Where each value is for one task, or senders should wait for receivers, use a
// channel (sync/channel.h).

#ifndef CRECHE_SYNC_BROADCAST_H_
#define CRECHE_SYNC_BROADCAST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/sync/internal/broadcast_state.h"
#include "creche/sync/internal/ring_buffer.h"

namespace creche {

template <typename T>
class Broadcast;
template <typename T>
class Subscription;

// What statistics() counts.
struct BroadcastStatistics {
  size_t capacity = 0;
  size_t buffer_used = 0;
  size_t subscriptions = 0;
  size_t tasks_waiting = 0;
};

// What one subscriber has still to see. It sees every value sent since
// Subscribe(), in order; if it falls behind by more than the broadcast's
// capacity, it loses the oldest, and is told so. One that was moved from is at
// the end.
template <typename T>
class Subscription {
  class ReceiveOperation;

 public:
  // Requires, as destruction does: no task is waiting on `other`.
  Subscription(Subscription&& other) noexcept
      : state_(other.Release()),
        position_(other.position_),
        missed_(other.missed_) {}
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      Drop();
      state_ = other.Release();
      position_ = other.position_;
      missed_ = other.missed_;
    }
    return *this;
  }
  ~Subscription() { Drop(); }

  // Another one, which has still to see what this one has.
  Subscription Clone() const { return Subscription(state_, position_); }

  // Suspends until there is a value; gives an absl::StatusOr<T>.
  // Cancellation: safe. The value will be seen by the next call.
  // Errors: kDataLoss: values were lost before this subscriber saw them; the
  //   next call gives the oldest that is left. IsEndOfStream: the Broadcast
  //   is closed, and everything has been seen.
  // Exceptions: what copying a value throws. It will be seen by the next call.
  // Order: of several tasks that wait on one subscription, each value is for
  //   the one that has waited longest. (For all to see it, Clone().)
  ReceiveOperation Receive() { return ReceiveOperation(this); }

  // The same without waiting.
  // Errors: as Receive(). IsWouldBlock: there is no new value.
  absl::StatusOr<T> TryReceive() {
    if (!has_result()) return internal::BroadcastEmpty();
    return Take();
  }

  // How many values this subscriber has lost so far.
  std::uint64_t missed() const { return missed_; }

 private:
  friend class Broadcast<T>;
  using Waiter = internal::WaitingSubscriber<T>;
  using State = std::shared_ptr<internal::BroadcastState<T>>;

  Subscription(State state, std::uint64_t position)
      : state_(std::move(state)), position_(position) {
    if (state_ != nullptr) ++state_->subscriptions;
  }

  State Release() {
    if (waiting_ > 0) internal::SubscriptionMovedInUse();
    return std::move(state_);
  }
  void Drop() {
    if (State state = Release()) --state->subscriptions;
  }

  bool has_result() const {
    return state_ == nullptr || position_ != state_->next || state_->is_closed;
  }

  // Requires: has_result().
  absl::StatusOr<T> Take() {
    if (state_ == nullptr || position_ == state_->next) {
      return internal::BroadcastEnded();
    }
    if (position_ < state_->oldest()) {
      const std::uint64_t missed = state_->oldest() - position_;
      position_ += missed;
      missed_ += missed;
      return internal::SubscriptionLagged(missed);
    }
    absl::StatusOr<T> value(
        state_->buffer[static_cast<size_t>(position_ - state_->oldest())]);
    ++position_;  // Not if the copy throws: then nothing was seen.
    return value;
  }

  State state_;
  std::uint64_t position_;  // The number of the next value to see.
  std::uint64_t missed_ = 0;
  size_t waiting_ = 0;
};

// The sending side. Destroying it closes it.
template <typename T>
class Broadcast {
 public:
  // `capacity` is how many values are kept for subscribers that are slow; at
  // least 1.
  explicit Broadcast(size_t capacity)
      : state_(std::make_shared<internal::BroadcastState<T>>(
            std::max<size_t>(capacity, 1))) {
    static_assert(std::is_copy_constructible_v<T> &&
                      std::is_nothrow_move_constructible_v<T>,
                  "creche: the values of a Broadcast are copied for each "
                  "subscriber, and must not throw when they are moved");
  }
  Broadcast(const Broadcast&) = delete;
  Broadcast& operator=(const Broadcast&) = delete;
  ~Broadcast() { Close(); }

  // Gives `value` to all subscribers there are. Never waits. The value that is
  // no longer kept for slow ones is destroyed last.
  // Errors: IsClosedResource after Close().
  absl::Status Send(T value);

  // No more values: subscribers come to the end when they have seen all. Has no
  // effect the second time.
  void Close() {
    state_->is_closed = true;
    WakeThoseWhoCanGoOn();
  }

  // A subscription to what is sent from now on.
  Subscription<T> Subscribe() { return Subscription<T>(state_, state_->next); }

  // How things stand just now, for monitoring and tests.
  BroadcastStatistics statistics() const {
    return {state_->capacity, state_->buffer.size(), state_->subscriptions,
            state_->waiters.size()};
  }

 private:
  void WakeThoseWhoCanGoOn();

  std::shared_ptr<internal::BroadcastState<T>> state_;
};

template <typename T>
class [[nodiscard]] Subscription<T>::ReceiveOperation
    : public ParkingOperation<ReceiveOperation, Waiter> {
  using Base = ParkingOperation<ReceiveOperation, Waiter>;

 public:
  static constexpr const char* kName = "Subscription::Receive";

  explicit ReceiveOperation(Subscription* subscription) {
    this->subscription = subscription;
  }
  ReceiveOperation(ReceiveOperation&& other) noexcept
      : ReceiveOperation(other.subscription) {}

  bool TryComplete() {
    if (!this->subscription->has_result()) return false;
    this->result.emplace(this->subscription->Take());
    return true;
  }
  ParkingLot& lot() const { return this->subscription->state_->waiters; }
  void Enter(const WaitContext& context) {
    ++this->subscription->waiting_;
    Base::Enter(context);
  }
  void Leave() {
    --this->subscription->waiting_;
    Base::Leave();
  }
  absl::StatusOr<T> await_resume() {
    if (this->thrown != nullptr) std::rethrow_exception(this->thrown);
    return *std::exchange(this->result, std::nullopt);
  }
};

template <typename T>
absl::Status Broadcast<T>::Send(T value) {
  internal::BroadcastState<T>& state = *state_;
  if (state.is_closed) return internal::BroadcastClosed();
  state.buffer.PushBack(std::move(value));
  ++state.next;
  WakeThoseWhoCanGoOn();
  // Last, since the destructor of a value may call this object.
  if (state.buffer.size() > state.capacity) state.buffer.DropFront();
  return absl::OkStatus();
}

template <typename T>
void Broadcast<T>::WakeThoseWhoCanGoOn() {
  ParkingLot& waiters = state_->waiters;
  Parked* parked = waiters.front();
  while (parked != nullptr) {
    Parked* next = waiters.after(*parked);
    auto& waiter = static_cast<internal::WaitingSubscriber<T>&>(*parked);
    Subscription<T>& subscription = *waiter.subscription;
    if (subscription.has_result()) {
      CRECHE_TRY { waiter.result.emplace(subscription.Take()); }
      CRECHE_CATCH_ALL { waiter.thrown = std::current_exception(); }
      --subscription.waiting_;
      waiters.Unpark(waiter);
      // A Select() may have waited here twice.
      if (next != nullptr && !next->is_parked()) next = waiters.front();
    }
    parked = next;
  }
}

}  // namespace creche

#endif  // CRECHE_SYNC_BROADCAST_H_
