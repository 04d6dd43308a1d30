// SPDX-License-Identifier: Apache-2.0
//
// TlsOptions: what one TLS connection does otherwise than others of its
// context.
//
//   creche::TlsOptions options;
//   options.set_handshake_timeout(absl::Seconds(3));

#ifndef CRECHE_TLS_TLS_OPTIONS_H_
#define CRECHE_TLS_TLS_OPTIONS_H_

#include "absl/time/time.h"

namespace creche {

// What it means that a peer's bytes end without the notice that TLS has for
// that (close_notify). Whoever can cut the connection can make this happen.
enum class EndWithoutNotice {
  // Something is missing: IsBrokenResource.
  kIsBroken,
  // The end, as with HTTP bodies that say how long they are. In the middle of a
  // record it is IsBrokenResource all the same.
  kIsEnd,
};

// For TlsStream, ConnectTls() and ServeTls().
class TlsOptions {
 public:
  TlsOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // How long a handshake may take. 10 s by default.
  TlsOptions& set_handshake_timeout(absl::Duration timeout) {
    handshake_timeout_ = timeout;
    return *this;
  }
  // kIsBroken by default.
  TlsOptions& set_end_without_notice(EndWithoutNotice meaning) {
    end_without_notice_ = meaning;
    return *this;
  }
  // For clients: accepts a trusted certificate of whatever name.
  TlsOptions& set_dangerously_accept_any_name(bool accept) {
    accepts_any_name_ = accept;
    return *this;
  }

  // What was set.
  absl::Duration handshake_timeout() const { return handshake_timeout_; }
  EndWithoutNotice end_without_notice() const { return end_without_notice_; }
  bool accepts_any_name() const { return accepts_any_name_; }

 private:
  absl::Duration handshake_timeout_ = absl::Seconds(10);
  EndWithoutNotice end_without_notice_ = EndWithoutNotice::kIsBroken;
  bool accepts_any_name_ = false;
};

}  // namespace creche

#endif  // CRECHE_TLS_TLS_OPTIONS_H_
