// SPDX-License-Identifier: Apache-2.0
//
// How a TlsConnection ends: Shutdown() and Unwrap().

#ifndef CRECHE_TLS_INTERNAL_TLS_CONNECTION_ENDS_INL_H_
#define CRECHE_TLS_INTERNAL_TLS_CONNECTION_ENDS_INL_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/byte_stream.h"
#include "creche/tls/internal/tls_connection.h"
#include "creche/tls/internal/tls_connection_guards_inl.h"
#include "creche/tls/internal/tls_engine.h"

namespace creche::internal {

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::Shutdown(Shared self,
                                                   absl::Duration linger) {
  co_await BudgetedCheckpoint();
  if (self == nullptr) {
    co_return ClosedResourceError("Shutdown: the stream was moved from");
  }
  if (absl::Status status = self->EndStatus("Shutdown"); !status.ok()) {
    co_return status;
  }
  // Leaving this function closes the stream, in whatever way that happens.
  const ClosedUnlessDone closing(*self);
  const InUse receiving(self->is_receiving_);
  absl::Status ended = co_await SendEof(self);
  if (ended.ok()) ended = co_await self->transport_.SendEof();
  // A peer that has ended first may have gone, and misses nothing then.
  if (!ended.ok() && !self->has_end_) co_return ended;
  // What the peer still sends is of no interest, nor is how it ends.
  if (auto drained = co_await MoveOnAfter(linger, Drain(self))) {
    drained->IgnoreError();
  }
  co_return absl::OkStatus();
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::Drain(Shared self) {
  std::string dropped(4096, '\0');
  for (;;) {
    const auto received = self->TryReceive("Shutdown", absl::MakeSpan(dropped));
    if (!received.has_value()) {
      if (absl::Status fed = co_await Feed(self); !fed.ok()) co_return fed;
    } else if (!received->ok() || **received == 0) {
      co_return received->status();
    }
  }
}

template <ByteStream Stream>
Task<absl::StatusOr<std::pair<Stream, std::string>>>
TlsConnection<Stream>::Unwrap(Shared self) {
  co_await BudgetedCheckpoint();
  if (self == nullptr) {
    co_return ClosedResourceError("Unwrap: the stream was moved from");
  }
  absl::Status ended = self->EndStatus("Unwrap");
  if (!ended.ok()) co_return ended;
  if (!self->unread_.empty() || self->engine_->Peek() == TlsOutcome::kDone) {
    co_return absl::FailedPreconditionError(
        "Unwrap: there is data that was not received");
  }
  ClosedUnlessDone closing(*self);
  const InUse receiving(self->is_receiving_);
  ended = co_await SendEof(self);
  if (ended.ok()) ended = co_await AwaitEnd(self);
  // The data can be received.
  if (absl::IsFailedPrecondition(ended)) closing.IsDone();
  if (!ended.ok()) co_return ended;
  closing.IsDone();
  self->is_closed_ = true;
  std::string rest(self->engine_->input());
  co_return std::pair<Stream, std::string>(std::move(self->transport_),
                                           std::move(rest));
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::AwaitEnd(Shared self) {
  while (!self->has_end_) {
    if (absl::Status status = self->ReceiveStatus("Unwrap"); !status.ok()) {
      co_return status;
    }
    switch (self->engine_->Peek()) {
      case TlsOutcome::kDone:
        co_return absl::FailedPreconditionError(
            "Unwrap: the peer has sent data before its end: receive it, and "
            "close the stream");
      case TlsOutcome::kEnd:
        self->has_end_ = true;
        break;
      case TlsOutcome::kFailed:
        self->receive_error_ = self->engine_->status();
        break;
      case TlsOutcome::kNeedsInput:
        if (absl::Status fed = co_await Feed(self); !fed.ok()) co_return fed;
        break;
    }
  }
  co_return absl::OkStatus();
}

template <ByteStream Stream>
absl::Status TlsConnection<Stream>::EndStatus(absl::string_view what) const {
  if (is_closed_) {
    return ClosedResourceError(
        absl::StrCat(what, ": the TLS stream was closed"));
  }
  if (is_receiving_ || is_sending_) {
    return BusyResourceError(absl::StrCat(
        what, ": another task receives from or sends to this TLS stream"));
  }
  return absl::OkStatus();
}

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_TLS_CONNECTION_ENDS_INL_H_
