// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/channel.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/errors.h"
#include "creche/core/parking_lot.h"
#include "creche/sync/internal/channel_state.h"

namespace creche::internal {

absl::Status SendError(ChannelResult result, const char* operation) {
  switch (result) {
    case ChannelResult::kWouldBlock:
      return WouldBlockError(
          absl::StrCat(operation, ": the channel's buffer is full"));
    case ChannelResult::kBroken:
      return BrokenResourceError(
          absl::StrCat(operation, ": every Receiver of the channel is closed"));
    case ChannelResult::kClosed:
      return ClosedResourceError(
          absl::StrCat(operation, ": this Sender is closed"));
    case ChannelResult::kDone:
    case ChannelResult::kEnd:
      break;
  }
  return absl::OkStatus();
}

absl::Status ReceiveError(ChannelResult result, const char* operation) {
  switch (result) {
    case ChannelResult::kWouldBlock:
      return WouldBlockError(absl::StrCat(operation, ": the channel is empty"));
    case ChannelResult::kEnd:
      return EndOfStreamError(absl::StrCat(
          operation,
          ": every Sender of the channel is closed, and nothing is "
          "left"));
    case ChannelResult::kClosed:
      return ClosedResourceError(
          absl::StrCat(operation, ": this Receiver is closed"));
    case ChannelResult::kDone:
    case ChannelResult::kBroken:
      break;
  }
  return absl::OkStatus();
}

// A waiter that is part of a Select() takes others out of the queue with it,
// maybe the very next one.
void ChannelQueue::EndOn(const ChannelHandle& handle, ChannelResult result) {
  ChannelWaiter* waiter = front();
  while (handle.waiting > 0) {
    auto* next = static_cast<ChannelWaiter*>(lot_.after(*waiter));
    if (waiter->handle == &handle) {
      waiter->result = result;
      Complete(*waiter);
      if (next != nullptr && !next->is_parked()) next = front();
    }
    waiter = next;
  }
}

void ChannelQueue::EndAll(ChannelResult result) {
  while (ChannelWaiter* waiter = front()) {
    waiter->result = result;
    Complete(*waiter);
  }
}

void ChannelQueue::MoveHandle(const ChannelHandle& from, ChannelHandle& to) {
  for (ChannelWaiter* waiter = front(); waiter != nullptr;
       waiter = static_cast<ChannelWaiter*>(lot_.after(*waiter))) {
    if (waiter->handle == &from) waiter->handle = &to;
  }
}

}  // namespace creche::internal
