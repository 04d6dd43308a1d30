// SPDX-License-Identifier: Apache-2.0

#include "creche/tls/internal/tls_engine.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "lib/tls/callback_state.h"
#include "lib/tls/engine_bio.h"
#include "lib/tls/info_of.h"
#include "lib/tls/openssl_errors.h"
#include "lib/tls/openssl_ptr.h"
#include "lib/tls/tls_context_state.h"

namespace creche::internal {
namespace {

bool IsAddressInDigits(const std::string& name) {
  unsigned char address[16];
  return inet_pton(AF_INET, name.c_str(), address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), address) == 1;
}

// OpenSSL takes sizes as int.
int LimitedSize(std::size_t size) {
  return static_cast<int>(
      std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

class TlsEngine::State {
 public:
  State(TlsContext context, const TlsOptions& options)
      : context_(std::move(context)),
        options_(options),
        ssl_(SSL_new(context_.state().context.get())) {
    SetCallbackState(ssl_.get(), &callbacks_);
    BIO* const bio = bio_.MakeBio();
    SSL_set_bio(ssl_.get(), bio, bio);
  }

  absl::Status ExpectName(std::string name);
  void Resume();

  TlsOutcome Handshake();
  TlsOutcome Read(absl::Span<char> buffer, std::size_t& size);
  TlsOutcome Peek();
  TlsOutcome Write(absl::string_view data, std::size_t& size);
  void WriteEnd();
  bool PeerWaitsForOutput() const;
  absl::StatusOr<std::string> Exporter(absl::string_view label,
                                       std::size_t size) const;

  SSL* ssl() { return ssl_.get(); }
  EngineBio& bio() { return bio_; }
  const TlsInfo& info() const { return info_; }
  const absl::Status& status() const { return status_; }

 private:
  // What `result`, which is no success, of a call means that is not an error.
  // kFailed: it is one.
  TlsOutcome OutcomeOf(int result);
  TlsOutcome OutcomeOfRead(int result);
  TlsOutcome OutcomeOfInputsEnd();
  TlsOutcome Fail(absl::Status status);
  void KeepResumedSession();
  void ReleaseBuffers();

  absl::Status HandshakeError(const OpensslError& error) const;
  std::string Untrusted() const;
  absl::Status RecordError(absl::string_view what, const OpensslError& error);

  const TlsContext context_;
  const TlsOptions options_;
  std::string expected_name_;
  CallbackState callbacks_;
  EngineBio bio_;
  OpensslPtr<SSL> ssl_;  // After what it refers to.
  TlsInfo info_;
  absl::Status status_;
  // After an alert of the peer's, or a record that cannot be one, nothing is
  // sent any more (RFC 8446, 6.2). BoringSSL would.
  bool is_over_ = false;
};

// What is not verified is not kept, either: a session that is resumed is not
// verified again.
absl::Status TlsEngine::State::ExpectName(std::string name) {
  if (absl::EndsWith(name, ".")) name.pop_back();  // Of the root of all names.
  expected_name_ = name;
  // A name that is not to be the certificate's has to be a name all the same.
  const OpensslPtr<X509_VERIFY_PARAM> unused(X509_VERIFY_PARAM_new());
  X509_VERIFY_PARAM* const parameters =
      options_.accepts_any_name() ? unused.get() : SSL_get0_param(ssl());
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  // OpenSSL refuses what is no name, and would then check none.
  const bool is_accepted =
      IsAddressInDigits(name)
          ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1
          : name.find('\0') == std::string::npos &&
                SSL_set_tlsext_host_name(ssl(), name.c_str()) == 1 &&
                X509_VERIFY_PARAM_set1_host(parameters, name.data(),
                                            name.size()) == 1;
  ERR_clear_error();
  if (!is_accepted) {
    return absl::InvalidArgumentError(absl::StrCat(
        "TLS: \"", absl::CHexEscape(name),
        "\" is no server's name: that has 1 to 255 bytes and no NUL"));
  }
  if (!options_.accepts_any_name()) {
    callbacks_.session_name = absl::AsciiStrToLower(name);
  }
  return absl::OkStatus();
}

void TlsEngine::State::Resume() {
  if (callbacks_.session_name.empty()) return;
  const OpensslPtr<SSL_SESSION> session =
      context_.state().sessions.Take(callbacks_.session_name);
  if (session != nullptr) SSL_set_session(ssl(), session.get());
}

// TLS 1.3 gives new tickets for each connection; before, one lasts.
void TlsEngine::State::KeepResumedSession() {
  if (callbacks_.session_name.empty() || !info_.is_resumed ||
      info_.version == TlsVersion::kTls1_3) {
    return;
  }
  context_.state().sessions.Put(
      callbacks_.session_name,
      OpensslPtr<SSL_SESSION>(SSL_get1_session(ssl())));
}

TlsOutcome TlsEngine::State::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl());
  if (result == 1) {
    info_ = InfoOf(ssl());
    KeepResumedSession();
    return TlsOutcome::kDone;
  }
  const TlsOutcome outcome = OutcomeOf(result);
  if (outcome != TlsOutcome::kNeedsInput) {
    return Fail(HandshakeError(OpensslError::Take()));
  }
  if (!bio_.has_ended()) return outcome;
  return Fail(absl::UnavailableError(
      "TLS handshake: the peer has closed the connection"));
}

TlsOutcome TlsEngine::State::Read(absl::Span<char> buffer, std::size_t& size) {
  ERR_clear_error();
  const int result = SSL_read(ssl(), buffer.data(), LimitedSize(buffer.size()));
  ReleaseBuffers();
  if (result <= 0) return OutcomeOfRead(result);
  size = static_cast<std::size_t>(result);
  return TlsOutcome::kDone;
}

// After it has read a ticket OpenSSL keeps a buffer for a whole record,
// whatever SSL_MODE_RELEASE_BUFFERS says. Within a record it still needs that,
// and older releases free it all the same (CVE-2024-4741). BoringSSL frees its
// buffers by itself.
void TlsEngine::State::ReleaseBuffers() {
#ifndef OPENSSL_IS_BORINGSSL
  if (bio_.is_between_records() && SSL_has_pending(ssl()) == 0) {
    SSL_free_buffers(ssl());
  }
#endif
}

TlsOutcome TlsEngine::State::Peek() {
  ERR_clear_error();
  char byte = 0;
  const int result = SSL_peek(ssl(), &byte, 1);
  return result > 0 ? TlsOutcome::kDone : OutcomeOfRead(result);
}

TlsOutcome TlsEngine::State::OutcomeOfRead(int result) {
  const TlsOutcome outcome = OutcomeOf(result);
  if (outcome == TlsOutcome::kFailed) {
    is_over_ = true;
    return Fail(RecordError("received", OpensslError::Take()));
  }
  const bool has_ended = outcome == TlsOutcome::kNeedsInput && bio_.has_ended();
  return has_ended ? OutcomeOfInputsEnd() : outcome;
}

TlsOutcome TlsEngine::State::OutcomeOfInputsEnd() {
  if (!bio_.is_between_records()) {
    return Fail(BrokenResourceError(
        "TLS: the peer's bytes have ended in the middle of a record"));
  }
  if (options_.end_without_notice() == EndWithoutNotice::kIsEnd) {
    return TlsOutcome::kEnd;
  }
  return Fail(BrokenResourceError(
      "TLS: the peer's bytes have ended without its notice of the end "
      "(close_notify): some may be missing"));
}

TlsOutcome TlsEngine::State::Write(absl::string_view data, std::size_t& size) {
  if (is_over_) return TlsOutcome::kFailed;
  ERR_clear_error();
  const int result = SSL_write(ssl(), data.data(), LimitedSize(data.size()));
  if (result > 0) {
    size = static_cast<std::size_t>(result);
    return TlsOutcome::kDone;
  }
  const OpensslError error = OpensslError::Take();
  return status_.ok() ? Fail(RecordError("sent", error)) : TlsOutcome::kFailed;
}

void TlsEngine::State::WriteEnd() {
  if (is_over_ || (SSL_get_shutdown(ssl()) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl());
  ERR_clear_error();
}

// What a server writes after a handshake of TLS 1.3 are tickets.
bool TlsEngine::State::PeerWaitsForOutput() const {
  return context_.state().is_client || info_.version != TlsVersion::kTls1_3;
}

absl::StatusOr<std::string> TlsEngine::State::Exporter(absl::string_view label,
                                                       std::size_t size) const {
  std::string key(size, '\0');
  ERR_clear_error();
  if (SSL_export_keying_material(
          ssl_.get(), reinterpret_cast<unsigned char*>(key.data()), size,
          label.data(), label.size(), nullptr, 0, /*use_context=*/0) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("Exporter: ", OpensslError::Take().Text()));
  }
  return key;
}

TlsOutcome TlsEngine::State::OutcomeOf(int result) {
  switch (SSL_get_error(ssl(), result)) {
    case SSL_ERROR_WANT_READ:
      return TlsOutcome::kNeedsInput;
    case SSL_ERROR_ZERO_RETURN:
      return TlsOutcome::kEnd;
    default:
      return TlsOutcome::kFailed;
  }
}

TlsOutcome TlsEngine::State::Fail(absl::Status status) {
  status_ = std::move(status);
  return TlsOutcome::kFailed;
}

absl::Status TlsEngine::State::HandshakeError(const OpensslError& error) const {
  if (const std::string alert = error.AlertOfPeer(); !alert.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "TLS handshake: the peer has refused, by the alert ", alert));
  }
  // Not asked of OpenSSL: a signature that does not fit leaves an error of the
  // cipher's instead.
  if (!callbacks_.verification_error.empty()) {
    return absl::UnauthenticatedError(Untrusted());
  }
  if (error.is_of_tls &&
      error.reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return absl::UnauthenticatedError(
        "TLS handshake: the client has shown no certificate");
  }
  if (absl::StartsWith(bio_.first_bytes(), "HTTP/") ||
      (error.is_of_tls && error.reason == SSL_R_HTTP_REQUEST)) {
    return absl::FailedPreconditionError(
        "TLS handshake: the peer speaks plain HTTP, not TLS");
  }
  if (error.is_of_tls && error.reason == SSL_R_WRONG_VERSION_NUMBER &&
      !absl::StartsWith(bio_.first_bytes(), "\x16\x03")) {
    return absl::FailedPreconditionError(
        "TLS handshake: the peer does not speak TLS");
  }
  return absl::FailedPreconditionError(
      absl::StrCat("TLS handshake: ", error.Text()));
}

std::string TlsEngine::State::Untrusted() const {
  return absl::StrCat(
      "TLS handshake: the certificate of ",
      context_.state().is_client ? expected_name_ : "the client",
      " is not accepted: ", callbacks_.verification_error);
}

absl::Status TlsEngine::State::RecordError(absl::string_view what,
                                           const OpensslError& error) {
  if (const std::string alert = error.AlertOfPeer(); !alert.empty()) {
    return BrokenResourceError(absl::StrCat(
        "TLS: the peer has ended the connection, by the alert ", alert));
  }
  return BrokenResourceError(
      absl::StrCat("TLS: a record cannot be ", what, ": ", error.Text()));
}

absl::StatusOr<std::unique_ptr<TlsEngine>> TlsEngine::ForClient(
    const TlsContext& context, std::string server_name,
    const TlsOptions& options) {
  if (server_name.empty() || server_name == ".") {
    return absl::InvalidArgumentError(
        "TLS: whose certificate is expected? The server's name is empty");
  }
  auto state = std::make_unique<State>(context, options);
  absl::Status expected = state->ExpectName(std::move(server_name));
  if (!expected.ok()) return expected;
  state->Resume();
  SSL_set_connect_state(state->ssl());
  return std::unique_ptr<TlsEngine>(new TlsEngine(std::move(state)));
}

std::unique_ptr<TlsEngine> TlsEngine::ForServer(const TlsContext& context,
                                                const TlsOptions& options) {
  auto state = std::make_unique<State>(context, options);
  SSL_set_accept_state(state->ssl());
  return std::unique_ptr<TlsEngine>(new TlsEngine(std::move(state)));
}

TlsEngine::TlsEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}

TlsEngine::~TlsEngine() = default;

TlsOutcome TlsEngine::Handshake() { return state_->Handshake(); }

const TlsInfo& TlsEngine::info() const { return state_->info(); }

TlsOutcome TlsEngine::Read(absl::Span<char> buffer, std::size_t& size) {
  return state_->Read(buffer, size);
}

TlsOutcome TlsEngine::Peek() { return state_->Peek(); }

TlsOutcome TlsEngine::Write(absl::string_view data, std::size_t& size) {
  return state_->Write(data, size);
}

void TlsEngine::WriteEnd() { state_->WriteEnd(); }

void TlsEngine::SetInput(absl::string_view input) {
  state_->bio().SetInput(input);
}

void TlsEngine::EndInput() { state_->bio().EndInput(); }

absl::string_view TlsEngine::input() const { return state_->bio().input(); }

const std::string& TlsEngine::output() const { return state_->bio().output(); }

std::string TlsEngine::TakeOutput() { return state_->bio().TakeOutput(); }

void TlsEngine::RemoveOutput(std::size_t size) {
  state_->bio().RemoveOutput(size);
}

bool TlsEngine::PeerWaitsForOutput() const {
  return state_->PeerWaitsForOutput();
}

const absl::Status& TlsEngine::status() const { return state_->status(); }

absl::StatusOr<std::string> TlsEngine::Exporter(absl::string_view label,
                                                std::size_t size) const {
  return state_->Exporter(label, size);
}

}  // namespace creche::internal
