// SPDX-License-Identifier: Apache-2.0
//
// The handshake, receiving and sending of TlsConnection. Its ends are in
// tls_connection_ends_inl.h.

#ifndef CRECHE_TLS_INTERNAL_TLS_CONNECTION_INL_H_
#define CRECHE_TLS_INTERNAL_TLS_CONNECTION_INL_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
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
#include "creche/tls/internal/record_buffer.h"
#include "creche/tls/internal/tls_connection.h"
#include "creche/tls/internal/tls_connection_guards_inl.h"
#include "creche/tls/internal/tls_engine.h"

namespace creche::internal {

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::HandshakeWithin(
    Shared self, absl::Duration timeout) {
  ClosedUnlessDone closing(*self);
  absl::Status status = co_await FailAfter(timeout, Handshake(self));
  if (status.ok()) {
    closing.IsDone();
  } else if (IsTimeout(status) && !self->engine_->status().ok()) {
    // It had failed, and the peer did not take the alert that says so.
    co_return self->engine_->status();
  } else if (IsTimeout(status)) {
    co_return TimeoutError(absl::StrCat("TLS handshake: not done after ",
                                        absl::FormatDuration(timeout)));
  }
  co_return status;
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::Handshake(Shared self) {
  TlsEngine& engine = *self->engine_;
  absl::Status sent;
  for (;;) {
    const TlsOutcome outcome = engine.Handshake();
    if (outcome == TlsOutcome::kDone && !engine.PeerWaitsForOutput()) break;
    // If the handshake has failed, this is an alert that tells the peer why.
    if (sent.ok()) sent = co_await Flush(self);
    if (outcome == TlsOutcome::kFailed) co_return engine.status();
    if (outcome == TlsOutcome::kDone && sent.ok()) break;
    // A peer that takes no more may have said why: that is yet to be read.
    absl::Status fed = sent;
    if (outcome != TlsOutcome::kDone) fed = co_await Feed(self);
    if (!fed.ok()) {
      co_return absl::UnavailableError(
          absl::StrCat("TLS handshake: ", (sent.ok() ? fed : sent).message()));
    }
  }
  self->ReleaseInput();
  self->sending_ = Sending::kOpen;
  // A client that never reads does not keep a server from its work: what goes
  // not now goes with what is sent first.
  self->TryFlush();
  co_return absl::OkStatus();
}

template <ByteStream Stream>
Task<absl::StatusOr<std::size_t>> TlsConnection<Stream>::ReceiveSome(
    Shared self, absl::Span<char> buffer) {
  co_await BudgetedCheckpoint();
  if (self == nullptr) {
    co_return ClosedResourceError("ReceiveSome: the stream was moved from");
  }
  if (self->is_receiving_) {
    co_return BusyResourceError(
        "ReceiveSome: another task receives from this TLS stream");
  }
  if (buffer.empty()) {
    co_return absl::InvalidArgumentError(
        "ReceiveSome: the buffer is empty, so no end of stream could be told "
        "from success");
  }
  const InUse receiving(self->is_receiving_);
  for (;;) {
    auto received = self->TryReceive("ReceiveSome", buffer);
    if (received.has_value()) co_return *std::move(received);
    if (absl::Status fed = co_await Feed(self); !fed.ok()) co_return fed;
  }
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::ReceiveExactly(
    Shared self, absl::Span<char> buffer) {
  co_await BudgetedCheckpoint();
  if (self == nullptr) {
    co_return ClosedResourceError("ReceiveExactly: the stream was moved from");
  }
  if (self->is_receiving_) {
    co_return BusyResourceError(
        "ReceiveExactly: another task receives from this TLS stream");
  }
  const InUse receiving(self->is_receiving_);
  KeptUnlessComplete kept(*self, buffer);
  while (!kept.rest().empty()) {
    const auto received = self->TryReceive("ReceiveExactly", kept.rest());
    if (!received.has_value()) {
      if (absl::Status fed = co_await Feed(self); !fed.ok()) co_return fed;
      continue;
    }
    if (!received->ok()) co_return received->status();
    if (**received == 0) {
      kept.IsDelivered();
      co_return EndOfStreamError(
          absl::StrCat("ReceiveExactly: the peer has sent ", kept.received(),
                       " of ", buffer.size(), " bytes"));
    }
    kept.Received(**received);
  }
  kept.IsDelivered();
  co_return absl::OkStatus();
}

template <ByteStream Stream>
std::optional<absl::StatusOr<std::size_t>> TlsConnection<Stream>::TryReceive(
    absl::string_view what, absl::Span<char> buffer) {
  if (absl::Status status = ReceiveStatus(what); !status.ok()) return status;
  if (const std::size_t size = TakeUnread(buffer); size > 0) return size;
  if (has_end_) return std::size_t{0};
  std::size_t size = 0;
  const TlsOutcome outcome = engine_->Read(buffer, size);
  ReleaseInput();
  TryFlush();
  switch (outcome) {
    case TlsOutcome::kDone:
      return size;
    case TlsOutcome::kEnd:
      has_end_ = true;
      return std::size_t{0};
    case TlsOutcome::kFailed:
      receive_error_ = engine_->status();
      return receive_error_;
    case TlsOutcome::kNeedsInput:
      break;
  }
  return std::nullopt;
}

template <ByteStream Stream>
std::size_t TlsConnection<Stream>::TakeUnread(absl::Span<char> buffer) {
  const std::size_t size = std::min(buffer.size(), unread_.size());
  std::copy_n(unread_.data(), size, buffer.data());
  unread_.erase(0, size);
  return size;
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::SendAll(Shared self,
                                                  absl::string_view data) {
  co_await BudgetedCheckpoint();
  if (self == nullptr) {
    co_return ClosedResourceError("SendAll: the stream was moved from");
  }
  if (absl::Status status = self->SendStatus("SendAll"); !status.ok()) {
    co_return status;
  }
  if (data.empty()) co_return absl::OkStatus();
  const InUse sending(self->is_sending_);
  Sealing sealing(*self);
  while (!data.empty()) {
    absl::Status sent = self->Seal(data);
    if (sent.ok()) sent = co_await Flush(self);
    if (!sent.ok()) co_return sent;
  }
  sealing.IsSent();
  co_return absl::OkStatus();
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::SendEof(Shared self) {
  co_await BudgetedCheckpoint();
  if (self == nullptr) {
    co_return ClosedResourceError("SendEof: the stream was moved from");
  }
  const bool has_ended = self->sending_ == Sending::kEnded;
  if (has_ended && !self->is_closed_ && !self->is_sending_) {
    co_return absl::OkStatus();
  }
  if (absl::Status status = self->SendStatus("SendEof"); !status.ok()) {
    co_return status;
  }
  const InUse sending(self->is_sending_);
  co_return co_await SendNotice(self);
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::SendNotice(Shared self) {
  Sealing sealing(*self);
  self->sending_ = Sending::kEnded;
  self->engine_->WriteEnd();
  absl::Status sent = co_await Flush(self);
  if (sent.ok()) sealing.IsSent();
  co_return sent;
}

template <ByteStream Stream>
absl::Status TlsConnection<Stream>::Seal(absl::string_view& data) {
  while (!data.empty() && engine_->output().size() < kFlushBytes) {
    std::size_t size = 0;
    if (engine_->Write(data, size) != TlsOutcome::kDone) {
      return engine_->status();
    }
    data.remove_prefix(size);
  }
  return absl::OkStatus();
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::Feed(Shared self) {
  absl::Status received = co_await self->input_.ReceiveFrom(self->transport_);
  if (!received.ok()) co_return received;
  if (self->input_.view().empty()) {
    self->engine_->EndInput();
  } else {
    self->engine_->SetInput(self->input_.view());
  }
  co_return absl::OkStatus();
}

template <ByteStream Stream>
void TlsConnection<Stream>::ReleaseInput() {
  if (engine_->input().empty()) input_.Release();
}

template <ByteStream Stream>
Task<absl::Status> TlsConnection<Stream>::Flush(Shared self) {
  while (self->engine_->has_output()) {
    std::string sealed = self->engine_->TakeOutput();
    absl::Status sent = co_await self->transport_.SendAll(sealed);
    if (!sent.ok()) co_return sent;
    GiveBackBuffer(std::move(sealed));
  }
  co_return absl::OkStatus();
}

template <ByteStream Stream>
void TlsConnection<Stream>::TryFlush() {
  if constexpr (HasTrySend<Stream>) {
    if (is_sending_ || is_closed_ || sending_ == Sending::kBroken) return;
    while (engine_->has_output()) {
      const std::size_t size = transport_.TrySend(engine_->output());
      if (size == 0) return;
      engine_->RemoveOutput(size);
    }
  }
}

template <ByteStream Stream>
std::size_t TlsConnection<Stream>::TrySend(absl::string_view data) {
  if constexpr (HasTrySend<Stream>) {
    if (!SendStatus("TrySend").ok()) return 0;
    TryFlush();
    // What is sealed cannot be taken back. So no more is sealed than one
    // record, and none before an earlier one is gone.
    if (data.empty() || engine_->has_output()) return 0;
    std::size_t size = 0;
    if (engine_->Write(data, size) != TlsOutcome::kDone) {
      sending_ = Sending::kBroken;
      return 0;
    }
    TryFlush();
    return size;
  } else {
    return 0;
  }
}

template <ByteStream Stream>
void TlsConnection<Stream>::Close() {
  if (is_closed_) return;
  if (!is_sending_ && sending_ == Sending::kOpen) {
    engine_->WriteEnd();
    TryFlush();
  }
  is_closed_ = true;
  transport_.Close();
}

template <ByteStream Stream>
absl::Status TlsConnection<Stream>::SendStatus(absl::string_view what) const {
  if (is_closed_) {
    return ClosedResourceError(
        absl::StrCat(what, ": the TLS stream was closed"));
  }
  if (is_sending_) {
    return BusyResourceError(
        absl::StrCat(what, ": another task sends to this TLS stream"));
  }
  if (sending_ == Sending::kEnded) {
    return ClosedResourceError(
        absl::StrCat(what, ": SendEof() was called before"));
  }
  if (sending_ == Sending::kBroken) {
    return BrokenResourceError(absl::StrCat(
        what,
        ": an earlier call has failed or was cancelled when a part of it may "
        "have been sent"));
  }
  return absl::OkStatus();
}

template <ByteStream Stream>
absl::Status TlsConnection<Stream>::ReceiveStatus(
    absl::string_view what) const {
  if (is_closed_) {
    return ClosedResourceError(
        absl::StrCat(what, ": the TLS stream was closed"));
  }
  if (engine_->output().size() > kMostUnsent) {
    return BrokenResourceError(absl::StrCat(
        what,
        ": the peer asks for new keys again and again, and does not take the "
        "answers"));
  }
  return receive_error_;
}

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_TLS_CONNECTION_INL_H_
