// SPDX-License-Identifier: Apache-2.0
//
// The guards of TlsConnection: what becomes of it when an operation ends in the
// middle, because it failed or was cancelled.

#ifndef CRECHE_TLS_INTERNAL_TLS_CONNECTION_GUARDS_INL_H_
#define CRECHE_TLS_INTERNAL_TLS_CONNECTION_GUARDS_INL_H_

#include <cstddef>

#include "absl/types/span.h"
#include "creche/io/byte_stream.h"
#include "creche/tls/internal/tls_connection.h"

namespace creche::internal {

// Marks a direction as in use.
template <ByteStream Stream>
class TlsConnection<Stream>::InUse {
 public:
  explicit InUse(bool& flag) : flag_(flag) { flag_ = true; }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { flag_ = false; }

 private:
  bool& flag_;
};

// From when something is sealed until all of it is sent. If that does not
// happen, nothing sensible can be sent after it.
template <ByteStream Stream>
class TlsConnection<Stream>::Sealing {
 public:
  explicit Sealing(TlsConnection& connection) : connection_(connection) {}
  Sealing(const Sealing&) = delete;
  Sealing& operator=(const Sealing&) = delete;
  ~Sealing() {
    if (!is_sent_) connection_.sending_ = Sending::kBroken;
  }
  void IsSent() { is_sent_ = true; }

 private:
  TlsConnection& connection_;
  bool is_sent_ = false;
};

// Closes the connection if an operation does not come to its end.
template <ByteStream Stream>
class TlsConnection<Stream>::ClosedUnlessDone {
 public:
  explicit ClosedUnlessDone(TlsConnection& connection)
      : connection_(connection) {}
  ClosedUnlessDone(const ClosedUnlessDone&) = delete;
  ClosedUnlessDone& operator=(const ClosedUnlessDone&) = delete;
  ~ClosedUnlessDone() {
    if (!is_done_) connection_.Close();
  }
  void IsDone() { is_done_ = true; }

 private:
  TlsConnection& connection_;
  bool is_done_ = false;
};

// Keeps what ReceiveExactly() has received for the next call, unless it was
// all.
template <ByteStream Stream>
class TlsConnection<Stream>::KeptUnlessComplete {
 public:
  KeptUnlessComplete(TlsConnection& connection, absl::Span<char> buffer)
      : connection_(connection), buffer_(buffer) {}
  KeptUnlessComplete(const KeptUnlessComplete&) = delete;
  KeptUnlessComplete& operator=(const KeptUnlessComplete&) = delete;
  ~KeptUnlessComplete() {
    if (!is_delivered_) {
      connection_.unread_.insert(0, buffer_.data(), received_);
    }
  }
  absl::Span<char> rest() const { return buffer_.subspan(received_); }
  void Received(std::size_t size) { received_ += size; }
  std::size_t received() const { return received_; }
  void IsDelivered() { is_delivered_ = true; }

 private:
  TlsConnection& connection_;
  const absl::Span<char> buffer_;
  std::size_t received_ = 0;
  bool is_delivered_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_TLS_CONNECTION_GUARDS_INL_H_
