// SPDX-License-Identifier: Apache-2.0
//
// TlsStream: TLS 1.2 and 1.3 over any stream of bytes.
//
//   creche::TcpStream tcp =
//       co_await creche::Try(creche::ConnectTcp("example.org", 443));
//   creche::TlsStream stream =
//       co_await creche::Try(creche::TlsStream<creche::TcpStream>::Client(
//           std::move(tcp), context, "example.org"));
//   co_await creche::Try(stream.SendAll(request));
//
// ConnectTls() and ServeTls() do the first steps. What is verified, and what is
// not, is in tls_context.h and tls_options.h.

#ifndef CRECHE_TLS_TLS_STREAM_H_
#define CRECHE_TLS_TLS_STREAM_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/tls/internal/tls_connection.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_info.h"
#include "creche/tls/tls_options.h"

namespace creche {

// A ByteStream (io/byte_stream.h) that exists only after a handshake. One task
// can receive while another sends, and neither waits for the other.
//
// Moving a stream, or destroying it, while tasks use it is safe: destroying it
// is closing it.
//
// Errors of all operations: IsClosedResource: this side has closed the stream,
//   before or meanwhile. IsBusyResource: another task, in the same direction.
//   IsBrokenResource: the connection is broken, by the peer's alert, say, or
//   has ended without the peer's notice of its end (close_notify).
template <ByteStream Stream>
class TlsStream {
  using Connection = internal::TlsConnection<Stream>;

 public:
  // The handshake, on either side. A client expects the certificate of
  // `server_name`, a name or an address in digits.
  //
  // Cancellation: closes the transport.
  // Errors: the transport is closed. kUnauthenticated: the peer's certificate
  //   is missing or not accepted; the message says which of its chain and why.
  //   kFailedPrecondition: no version, cipher or protocol in common; the peer
  //   has refused, by an alert; the peer does not speak TLS. kUnavailable: the
  //   peer has gone. kDeadlineExceeded (IsTimeout): see TlsOptions.
  //   kInvalidArgument: `server_name` is empty; nothing was sent.
  static Task<absl::StatusOr<TlsStream>> Client(
      Stream stream, TlsContext context, std::string server_name,
      TlsOptions options = TlsOptions());
  static Task<absl::StatusOr<TlsStream>> Server(
      Stream stream, TlsContext context, TlsOptions options = TlsOptions());

  TlsStream(TlsStream&&) noexcept = default;
  TlsStream& operator=(TlsStream&& other) noexcept {
    if (this != &other) {
      Close();
      connection_ = std::move(other.connection_);
    }
    return *this;
  }
  ~TlsStream() { Close(); }

  // Waits for bytes and gives how many there are in `buffer`: at least one, or
  // 0 after the peer's notice that it will send no more. `buffer` must not be
  // empty.
  // Cancellation: safe. The bytes stay in the stream.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::size_t>> ReceiveSome(
      absl::Span<char> buffer) {
    return Connection::ReceiveSome(connection_, buffer);
  }

  // Fills `buffer`.
  // Errors: IsEndOfStream: the peer sends no more; what has come is in `buffer`
  //   and the message says how much that is. After others, what has come comes
  //   again in the next call.
  // Cancellation: safe. Likewise.
  CRECHE_CORO_WRAPPER Task<absl::Status> ReceiveExactly(
      absl::Span<char> buffer) {
    return Connection::ReceiveExactly(connection_, buffer);
  }

  // Sends all of `data`, which must live as long as the call.
  // Cancellation: partial. If anything had been sealed by then, further sends
  //   fail (IsBrokenResource). Receiving goes on.
  CRECHE_CORO_WRAPPER Task<absl::Status> SendAll(absl::string_view data) {
    return Connection::SendAll(connection_, data);
  }

  // Sends what goes without waiting, and gives how much that is: 0 if nothing,
  // if another task is sending, or if the stream is closed, ended or broken, or
  // its transport cannot do this.
  std::size_t TrySend(absl::string_view data) {
    return connection_ != nullptr ? connection_->TrySend(data) : 0;
  }

  // Tells the peer that no more will be sent (close_notify). The transport goes
  // on, and so does receiving. Further sends fail (IsClosedResource). A second
  // call does nothing.
  // Cancellation: partial, as of SendAll().
  CRECHE_CORO_WRAPPER Task<absl::Status> SendEof() {
    return Connection::SendEof(connection_);
  }

  // Tells the peer that no more will be sent, ends the transport as well, takes
  // what still comes until the peer's end, for at most `linger`, and closes. So
  // nothing that was sent is destroyed by a reset. That a peer stays silent for
  // so long is no error.
  // Cancellation: closes the stream.
  // Errors: what could not be sent. The stream is closed all the same.
  CRECHE_CORO_WRAPPER Task<absl::Status> Shutdown(
      absl::Duration linger = absl::Seconds(1)) {
    return Connection::Shutdown(connection_, linger);
  }

  // Ends TLS on both sides, and gives the transport, with the bytes that came
  // after the peer's notice of its end. Both sides have to do this.
  // Cancellation: closes the stream.
  // Errors: kFailedPrecondition: there is data that was not received; the
  //   stream can still be received from. After others it is closed.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::pair<Stream, std::string>>>
  Unwrap() {
    return Connection::Unwrap(connection_);
  }

  // Tasks that wait on this stream get an error (IsClosedResource). Tells the
  // peer before, if that needs no waiting; Shutdown() is sure to. A second call
  // does nothing.
  void Close() {
    if (connection_ != nullptr) connection_->Close();
  }

  // As HasName (io/byte_stream.h) says: the transport's, or empty.
  std::string name() const {
    return connection_ != nullptr ? connection_->name() : "";
  }

  // What the handshake has agreed on.
  const TlsInfo& info() const { return connection_->info(); }

  // Keying material for a protocol above TLS (RFC 8446, 7.5): the same on both
  // sides, of `size` bytes.
  absl::StatusOr<std::string> Exporter(absl::string_view label,
                                       std::size_t size) const {
    return connection_->Exporter(label, size);
  }

 private:
  explicit TlsStream(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  // Shared with the operations that are under way; nullptr: moved from.
  std::shared_ptr<Connection> connection_;
};

// Implementation.

template <ByteStream Stream>
Task<absl::StatusOr<TlsStream<Stream>>> TlsStream<Stream>::Client(
    Stream stream, TlsContext context, std::string server_name,
    TlsOptions options) {
  absl::StatusOr<std::unique_ptr<internal::TlsEngine>> engine =
      internal::TlsEngine::ForClient(context, std::move(server_name), options);
  if (!engine.ok()) co_return engine.status();
  auto connection =
      std::make_shared<Connection>(std::move(stream), *std::move(engine));
  absl::Status status = co_await Connection::HandshakeWithin(
      connection, options.handshake_timeout());
  if (!status.ok()) co_return status;
  co_return TlsStream(std::move(connection));
}

template <ByteStream Stream>
Task<absl::StatusOr<TlsStream<Stream>>> TlsStream<Stream>::Server(
    Stream stream, TlsContext context, TlsOptions options) {
  auto connection = std::make_shared<Connection>(
      std::move(stream), internal::TlsEngine::ForServer(context, options));
  absl::Status status = co_await Connection::HandshakeWithin(
      connection, options.handshake_timeout());
  if (!status.ok()) co_return status;
  co_return TlsStream(std::move(connection));
}

}  // namespace creche

#endif  // CRECHE_TLS_TLS_STREAM_H_
