// SPDX-License-Identifier: Apache-2.0
//
// MakeThreadChannel: values that travel between threads, each to exactly one
// task or thread.
//
//   auto [send, receive] = creche::MakeThreadChannel<Frame>(16);
//   std::thread camera([send = std::move(send)]() mutable {
//     while (send.BlockingSend(Capture()).ok()) {
//     }
//   });
//   while (std::optional<Frame> frame = co_await receive.Receive()) {
//     Show(*frame);
//   }
//
// Inside of one run a channel (sync/channel.h) is cheaper.

#ifndef CRECHE_THREADS_THREAD_CHANNEL_H_
#define CRECHE_THREADS_THREAD_CHANNEL_H_

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/sync/channel.h"
#include "creche/threads/internal/thread_channel_end.h"
#include "creche/threads/internal/thread_channel_state.h"
#include "creche/threads/internal/thread_waiter.h"

namespace creche {

template <typename T>
class ThreadReceiver;
template <typename T>
class ThreadSender;

// A channel whose buffer holds up to `capacity` values (kUnbounded: any
// number). 0 is a rendezvous: each value goes from one who sends to one who
// receives. Either end can be in any run, or in none.
template <typename T>
std::pair<ThreadSender<T>, ThreadReceiver<T>> MakeThreadChannel(
    std::size_t capacity);

// The sending end. A moved-from handle is a closed one.
// Thread safety: any thread, at any time, for all but moving from it, assigning
// to it, and destroying it.
template <typename T>
class ThreadSender : public internal::ThreadChannelEnd<T, ThreadSender<T>> {
  using End = internal::ThreadChannelEnd<T, ThreadSender<T>>;

 public:
  class SendOperation;

  // In a task: suspends until `value` is in the buffer or has been taken; gives
  // an absl::Status. On an error, and if cancelled, the value is destroyed
  // unsent.
  //
  // Cancellation: safe. Nothing was sent.
  // Errors: IsClosedResource: this handle is closed, or was, while this
  //   waited. IsBrokenResource: every ThreadReceiver is closed.
  // Order: first come, first served. Who waits owns the next free slot.
  // Lifetime: this handle must stay where it is meanwhile.
  SendOperation Send(T value) { return SendOperation(this, std::move(value)); }

  // The same on a thread that has no run, which is blocked; gives up after
  // `timeout`. Aborts on a run's thread.
  // Errors: as Send(). IsTimeout: nothing was sent.
  absl::Status BlockingSend(T value,
                            absl::Duration timeout = absl::InfiniteDuration());

  // The same without waiting, anywhere. Moves from `value` only if that was
  // sent.
  // Errors: as Send(). IsWouldBlock: the buffer is full, or, at a rendezvous,
  //   nobody waits to receive.
  absl::Status TrySend(T&& value);
  absl::Status TrySend(const T& value)
    requires std::copy_constructible<T>
  {
    T copy(value);
    return TrySend(std::move(copy));
  }

 private:
  friend End;
  template <typename U>
  friend std::pair<ThreadSender<U>, ThreadReceiver<U>> MakeThreadChannel(
      std::size_t capacity);
  using State = internal::ThreadChannelState<T>;

  using End::End;

  static internal::ThreadChannelHandle NewHandle(
      State& state, const internal::ThreadChannelHandle* like) {
    return state.NewSender(like);
  }
  static void CloseHandle(State& state, internal::ThreadChannelHandle& handle) {
    state.CloseSender(handle);
  }
};

// The receiving end. A moved-from handle is a closed one. Clones compete for
// the values.
// Thread safety: as of a ThreadSender.
template <typename T>
class ThreadReceiver : public internal::ThreadChannelEnd<T, ThreadReceiver<T>> {
  using End = internal::ThreadChannelEnd<T, ThreadReceiver<T>>;

 public:
  class ReceiveOperation;

  // In a task: suspends until there is a value; gives a std::optional<T>.
  // nullopt is the end: every ThreadSender is closed and all that they sent has
  // been received, or this handle is closed, or was, while this waited.
  //
  // Cancellation: safe. Nothing was taken.
  // Order: first come, first served. A value that was sent to one who waits is
  //   his.
  // Lifetime: this handle must stay where it is meanwhile.
  ReceiveOperation Receive() { return ReceiveOperation(this); }

  // The same on a thread that has no run, which is blocked; gives up after
  // `timeout`. Aborts on a run's thread.
  // Errors: IsEndOfStream: every ThreadSender is closed, and nothing is left.
  //   IsClosedResource: this handle is, or was, while this waited. IsTimeout:
  //   nothing was taken.
  absl::StatusOr<T> BlockingReceive(
      absl::Duration timeout = absl::InfiniteDuration());

  // The same without waiting, anywhere.
  // Errors: as BlockingReceive(), but IsWouldBlock: there is no value.
  absl::StatusOr<T> TryReceive();

 private:
  friend End;
  template <typename U>
  friend std::pair<ThreadSender<U>, ThreadReceiver<U>> MakeThreadChannel(
      std::size_t capacity);
  using State = internal::ThreadChannelState<T>;

  using End::End;

  static internal::ThreadChannelHandle NewHandle(
      State& state, const internal::ThreadChannelHandle* like) {
    return state.NewReceiver(like);
  }
  static void CloseHandle(State& state, internal::ThreadChannelHandle& handle) {
    state.CloseReceiver(handle);
  }
};

}  // namespace creche

#include "creche/threads/internal/thread_channel_inl.h"

#endif  // CRECHE_THREADS_THREAD_CHANNEL_H_
