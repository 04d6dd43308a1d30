// SPDX-License-Identifier: Apache-2.0
//
// MakeChannel: values that travel from task to task, each to exactly one.
//
//   auto [send, receive] = creche::MakeChannel<Job>(10);
//   nursery.StartSoon(Produce, std::move(send));
//
//   while (std::optional<Job> job = co_await receive.Receive()) Work(*job);
//   // Here every sender has been closed, and nothing is left.
//
// For values that every task is to see there are Broadcast (sync/broadcast.h)
// and Watch (sync/watch.h); to wait for one of several channels, Select()
// (sync/select.h).

#ifndef CRECHE_SYNC_CHANNEL_H_
#define CRECHE_SYNC_CHANNEL_H_

#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/sync/internal/channel_end.h"
#include "creche/sync/internal/channel_state.h"
#include "creche/sync/internal/value_slot.h"

namespace creche {

template <typename T>
class Receiver;
template <typename T>
class Sender;

// A capacity: senders never wait.
inline constexpr size_t kUnbounded = std::numeric_limits<size_t>::max();

// A channel whose buffer holds up to `capacity` values. 0 is a rendezvous: each
// value goes from a task that sends to a task that receives.
template <typename T>
std::pair<Sender<T>, Receiver<T>> MakeChannel(size_t capacity);

// What statistics() counts.
struct ChannelStatistics {
  size_t capacity = 0;
  size_t buffer_used = 0;
  size_t peak_buffer_used = 0;
  size_t open_senders = 0;
  size_t open_receivers = 0;
  size_t tasks_waiting_to_send = 0;
  size_t tasks_waiting_to_receive = 0;
};

// The sending end. A moved-from handle is a closed one.
template <typename T>
class Sender : public internal::ChannelEnd<T, Sender<T>> {
  using End = internal::ChannelEnd<T, Sender<T>>;

 public:
  class SendOperation;

  // Suspends until `value` is in the buffer or has been taken by a task; gives
  // an absl::Status. On an error, and if cancelled, the value is destroyed
  // unsent; to keep it, name the operation and look at its value().
  //
  // Cancellation: safe. Nothing was sent.
  // Errors: IsClosedResource: this handle is closed, or was, while this
  //   waited. IsBrokenResource: every Receiver is closed.
  // Order: first come, first served. A task that waits owns the next free slot.
  // Lifetime: closing this handle, or destroying it, ends the wait; moving it
  //   takes those who wait along.
  SendOperation Send(T value) { return SendOperation(this, std::move(value)); }

  // The same without waiting. Moves from `value` only if that was sent.
  // Errors: as Send(). IsWouldBlock: the buffer is full, or, at a rendezvous,
  //   nobody waits to receive.
  absl::Status TrySend(T&& value) {
    const auto result = this->state() != nullptr
                            ? this->state()->TrySend(value)
                            : internal::ChannelResult::kClosed;
    if (result == internal::ChannelResult::kDone) return absl::OkStatus();
    return internal::SendError(result, "Sender::TrySend");
  }
  absl::Status TrySend(const T& value)
    requires std::copy_constructible<T>
  {
    T copy(value);
    return TrySend(std::move(copy));
  }
  template <std::same_as<T> U>
    requires(!std::copy_constructible<U>)
  auto TrySend(const U&) {  // Says what to write instead.
    static_assert(std::is_copy_constructible_v<U>,
                  "creche: what cannot be copied is moved into a channel: pass "
                  "std::move(value) to TrySend()");
  }

 private:
  friend End;
  template <typename U>
  friend std::pair<Sender<U>, Receiver<U>> MakeChannel(size_t capacity);
  using State = internal::ChannelState<T>;

  using End::End;

  static void AddTo(State& state) { state.AddSender(); }
  static void RemoveFrom(State& state, const internal::ChannelHandle& handle) {
    state.CloseSender(handle);
  }
  static internal::ChannelQueue& QueueOf(State& state) {
    return state.senders();
  }
};

// The receiving end. A moved-from handle is a closed one. Clones compete for
// the values.
template <typename T>
class Receiver : public internal::ChannelEnd<T, Receiver<T>> {
  using End = internal::ChannelEnd<T, Receiver<T>>;

 public:
  class ReceiveOperation;

  // Suspends until there is a value; gives a std::optional<T>. nullopt is the
  // end: every Sender is closed and all that they sent has been received, or
  // this handle is closed, or was, while this waited (TryReceive() tells which
  // of the two it is).
  //
  // Cancellation: safe. Nothing was taken.
  // Order: first come, first served. A value that was sent to a task that waits
  //   is that task's.
  // Lifetime: closing this handle, or destroying it, ends the wait; moving it
  //   takes those who wait along.
  ReceiveOperation Receive() { return ReceiveOperation(this); }

  // The same without waiting.
  // Errors: IsWouldBlock: there is no value. IsEndOfStream: and there will
  //   be none, for every Sender is closed. IsClosedResource: this handle is.
  absl::StatusOr<T> TryReceive() {
    internal::ValueSlot<T> value;
    const auto result = this->state() != nullptr
                            ? this->state()->TryReceive(value)
                            : internal::ChannelResult::kClosed;
    if (result == internal::ChannelResult::kDone) return *value.Take();
    return internal::ReceiveError(result, "Receiver::TryReceive");
  }

 private:
  friend End;
  template <typename U>
  friend std::pair<Sender<U>, Receiver<U>> MakeChannel(size_t capacity);
  using State = internal::ChannelState<T>;

  using End::End;

  static void AddTo(State& state) { state.AddReceiver(); }
  static void RemoveFrom(State& state, const internal::ChannelHandle& handle) {
    state.CloseReceiver(handle);
  }
  static internal::ChannelQueue& QueueOf(State& state) {
    return state.receivers();
  }
};

}  // namespace creche

#include "creche/sync/internal/channel_inl.h"

#endif  // CRECHE_SYNC_CHANNEL_H_
