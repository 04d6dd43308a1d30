// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/broadcast.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/errors.h"
#include "creche/core/internal/misuse.h"

namespace creche::internal {

absl::Status BroadcastClosed() {
  return ClosedResourceError("Broadcast::Send: this Broadcast is closed");
}

absl::Status BroadcastEmpty() {
  return WouldBlockError("Subscription::TryReceive: there is no new value");
}

absl::Status BroadcastEnded() {
  return EndOfStreamError(
      "Subscription: the Broadcast is closed, and everything has been seen");
}

absl::Status SubscriptionLagged(std::uint64_t missed) {
  return absl::DataLossError(absl::StrCat(
      "Subscription: fell behind and missed ", missed,
      " values; receive more often, or give the Broadcast a larger capacity"));
}

void SubscriptionMovedInUse() {
  Misuse(
      "a Subscription was moved or destroyed while a task waits for its next "
      "value");
}

}  // namespace creche::internal
