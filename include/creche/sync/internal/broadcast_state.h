// SPDX-License-Identifier: Apache-2.0
//
// BroadcastState: the values of a Broadcast, and who waits for more.

#ifndef CRECHE_SYNC_INTERNAL_BROADCAST_STATE_H_
#define CRECHE_SYNC_INTERNAL_BROADCAST_STATE_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/parking_lot.h"
#include "creche/sync/internal/ring_buffer.h"

namespace creche {

template <typename T>
class Subscription;

namespace internal {

// A task that waits for a value.
template <typename T>
struct WaitingSubscriber : Parked {
  Subscription<T>* subscription = nullptr;
  std::optional<absl::StatusOr<T>> result;
  std::exception_ptr thrown;  // Instead, by the copy of a value.
};

// The last values sent, which have numbers: the first ever is number 0.
template <typename T>
struct BroadcastState {
  explicit BroadcastState(size_t c) : capacity(c) {}

  std::uint64_t oldest() const { return next - buffer.size(); }

  const size_t capacity;
  bool is_closed = false;
  std::uint64_t next = 0;  // The number of the next value.
  RingBuffer<T> buffer;
  size_t subscriptions = 0;
  ParkingLot waiters;
};

absl::Status BroadcastClosed();
absl::Status BroadcastEmpty();
absl::Status BroadcastEnded();
absl::Status SubscriptionLagged(std::uint64_t missed);
[[noreturn]] void SubscriptionMovedInUse();

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_SYNC_INTERNAL_BROADCAST_STATE_H_
