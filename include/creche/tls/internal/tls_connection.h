// SPDX-License-Identifier: Apache-2.0
//
// TlsConnection: what a TlsStream and the operations on it share: the
// transport, the engine, and who is using them.
//
// The rules that keep cancelled operations from losing anything:
//
// 1. A send has its cancel point before it seals anything. What is sealed goes
//    out, or sending is broken: the peer would take the next record for the one
//    that it misses.
// 2. Output leaves in the order in which it was sealed. Only the operation that
//    holds `is_sending_` waits until the transport takes it. Receiving never
//    waits for that: a peer that does not read must not stop this side from
//    reading.
// 3. Receiving waits for input only, and what is decrypted is delivered at
//    once: no cancel point lies between the two.
// 4. Each operation shares the ownership of the connection, so that a stream
//    can be destroyed while tasks use it.

#ifndef CRECHE_TLS_INTERNAL_TLS_CONNECTION_H_
#define CRECHE_TLS_INTERNAL_TLS_CONNECTION_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/io/internal/stream_name.h"
#include "creche/tls/internal/tls_engine.h"
#include "creche/tls/internal/transport_input.h"

namespace creche::internal {

template <ByteStream Stream>
class TlsConnection {
  using Shared = std::shared_ptr<TlsConnection>;

 public:
  TlsConnection(Stream transport, std::unique_ptr<TlsEngine> engine)
      : transport_(std::move(transport)), engine_(std::move(engine)) {}
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // The operations of TlsStream, and what it must begin with. `self` is nullptr
  // if the stream was moved from.
  static Task<absl::Status> HandshakeWithin(Shared self,
                                            absl::Duration timeout);
  static Task<absl::StatusOr<std::size_t>> ReceiveSome(Shared self,
                                                       absl::Span<char> buffer);
  static Task<absl::Status> ReceiveExactly(Shared self,
                                           absl::Span<char> buffer);
  static Task<absl::Status> SendAll(Shared self, absl::string_view data);
  static Task<absl::Status> SendEof(Shared self);
  static Task<absl::Status> Shutdown(Shared self, absl::Duration linger);
  static Task<absl::StatusOr<std::pair<Stream, std::string>>> Unwrap(
      Shared self);
  std::size_t TrySend(absl::string_view data);
  void Close();

  // The transport's; empty if it has none.
  std::string name() const { return internal::NameOf(transport_); }
  const TlsInfo& info() const { return engine_->info(); }
  absl::StatusOr<std::string> Exporter(absl::string_view label,
                                       std::size_t size) const {
    return engine_->Exporter(label, size);
  }

 private:
  // How much is sealed before it is sent: four records.
  static constexpr std::size_t kFlushBytes = 64 << 10;
  // How much may gather while nobody sends: answers to the peer's key updates.
  static constexpr std::size_t kMostUnsent = 64 << 10;

  // kBroken: a part of a record may have gone, and the rest will not; or the
  // handshake is not done.
  enum class Sending { kOpen, kEnded, kBroken };

  // Guards; see tls_connection_guards_inl.h.
  class InUse;
  class Sealing;
  class ClosedUnlessDone;
  class KeptUnlessComplete;

  static Task<absl::Status> Handshake(Shared self);
  // More of the peer's bytes for the engine. Requires: it has used up what it
  // had.
  static Task<absl::Status> Feed(Shared self);
  // If all of it is used up.
  void ReleaseInput();
  // Sends the output. Requires: the caller holds `is_sending_`, or nobody else
  // has the connection yet.
  static Task<absl::Status> Flush(Shared self);
  // Seals and sends the notice of the end. Requires: the caller holds
  // `is_sending_`, and sending is open.
  static Task<absl::Status> SendNotice(Shared self);
  // Drops what comes until the peer's end.
  static Task<absl::Status> Drain(Shared self);
  // Waits for the peer's notice of its end.
  static Task<absl::Status> AwaitEnd(Shared self);

  // What there is: bytes, the end, or an error. None: that takes more input.
  std::optional<absl::StatusOr<std::size_t>> TryReceive(
      absl::string_view what, absl::Span<char> buffer);
  std::size_t TakeUnread(absl::Span<char> buffer);
  // Seals a part of `data`, and drops it there.
  absl::Status Seal(absl::string_view& data);
  // Sends what of the output goes without waiting.
  void TryFlush();

  // Whether `what` can begin.
  absl::Status SendStatus(absl::string_view what) const;
  absl::Status ReceiveStatus(absl::string_view what) const;
  // For operations that end both directions.
  absl::Status EndStatus(absl::string_view what) const;

  Stream transport_;
  const std::unique_ptr<TlsEngine> engine_;
  TransportInput<Stream> input_;
  std::string unread_;  // What was decrypted and not delivered.

  bool is_receiving_ = false;
  bool is_sending_ = false;
  bool is_closed_ = false;
  bool has_end_ = false;        // The peer's.
  absl::Status receive_error_;  // Once receiving has failed, it stays so.
  Sending sending_ = Sending::kBroken;
};

}  // namespace creche::internal

#include "creche/tls/internal/tls_connection_ends_inl.h"
#include "creche/tls/internal/tls_connection_inl.h"

#endif  // CRECHE_TLS_INTERNAL_TLS_CONNECTION_H_
