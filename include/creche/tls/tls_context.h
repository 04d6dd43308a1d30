// SPDX-License-Identifier: Apache-2.0
//
// TlsContext: what all TLS connections of one kind have in common: whom to
// trust, which certificate to show, which versions and protocols to speak.
//
//   creche::TlsClientOptions options;
//   options.set_protocols({"http/1.1"});
//   absl::StatusOr<creche::TlsContext> context =
//       creche::TlsContext::ForClients(options);
//
// Make a context once, before the run or in its beginning, and copy it: to read
// the system's trust takes tens of milliseconds, and stops the run meanwhile.

#ifndef CRECHE_TLS_TLS_CONTEXT_H_
#define CRECHE_TLS_TLS_CONTEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "creche/tls/internal/forward.h"

namespace creche {

// Versions of the protocol (RFC 5246, RFC 8446).
enum class TlsVersion { kTls1_2, kTls1_3 };

// For TlsContext::ForClients().
class TlsClientOptions {
 public:
  TlsClientOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // Trusts the certificates in this PEM file, or in this PEM text, and no
  // others: the system's trust is not used then.
  TlsClientOptions& set_trusted_file(std::string path) {
    trusted_file_ = std::move(path);
    return *this;
  }
  TlsClientOptions& set_trusted_pem(std::string pem) {
    trusted_pem_ = std::move(pem);
    return *this;
  }
  // What the client shows to a server that asks: PEM files, the chain beginning
  // with the client's own certificate.
  TlsClientOptions& set_certificate(std::string chain_file,
                                    std::string key_file) {
    chain_file_ = std::move(chain_file);
    key_file_ = std::move(key_file);
    return *this;
  }
  // ALPN: what the client can speak above TLS, the best first. The server
  // chooses; TlsInfo::protocol says what.
  TlsClientOptions& set_protocols(std::vector<std::string> alpn) {
    protocols_ = std::move(alpn);
    return *this;
  }
  // TLS 1.2 to 1.3, unless narrowed.
  TlsClientOptions& set_minimum_version(TlsVersion version) {
    minimum_version_ = version;
    return *this;
  }
  TlsClientOptions& set_maximum_version(TlsVersion version) {
    maximum_version_ = version;
    return *this;
  }
  // For how many server names a session is kept, so that the next handshake is
  // a short one. 100 by default; 0 keeps none.
  TlsClientOptions& set_session_cache(std::size_t names) {
    session_cache_ = names;
    return *this;
  }
  // Accepts whatever the server shows: anybody on the way can then read and
  // change everything. For tests and for nothing else.
  TlsClientOptions& set_dangerously_accept_any_certificate(bool accept) {
    accepts_any_certificate_ = accept;
    return *this;
  }

  // What was set.
  const std::string& trusted_file() const { return trusted_file_; }
  const std::string& trusted_pem() const { return trusted_pem_; }
  const std::string& chain_file() const { return chain_file_; }
  const std::string& key_file() const { return key_file_; }
  const std::vector<std::string>& protocols() const { return protocols_; }
  TlsVersion minimum_version() const { return minimum_version_; }
  TlsVersion maximum_version() const { return maximum_version_; }
  std::size_t session_cache() const { return session_cache_; }
  bool accepts_any_certificate() const { return accepts_any_certificate_; }

 private:
  std::string trusted_file_;
  std::string trusted_pem_;
  std::string chain_file_;
  std::string key_file_;
  std::vector<std::string> protocols_;
  TlsVersion minimum_version_ = TlsVersion::kTls1_2;
  TlsVersion maximum_version_ = TlsVersion::kTls1_3;
  std::size_t session_cache_ = 100;
  bool accepts_any_certificate_ = false;
};

// For TlsContext::ForServers(). A certificate is required.
class TlsServerOptions {
 public:
  TlsServerOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // A certificate that is shown to clients who ask for `name`, or for any name.
  // `name` may begin with "*.", which stands for one label.
  struct Certificate {
    // As add_certificate_for() has them.
    std::string name;
    std::string chain_file;
    std::string key_file;
  };

  // What the server shows, unless the client asks for the name of another
  // certificate: PEM files, or PEM text, the chain beginning with the server's
  // own certificate.
  TlsServerOptions& set_certificate(std::string chain_file,
                                    std::string key_file) {
    chain_file_ = std::move(chain_file);
    key_file_ = std::move(key_file);
    return *this;
  }
  TlsServerOptions& set_certificate_pem(std::string chain, std::string key) {
    chain_pem_ = std::move(chain);
    key_pem_ = std::move(key);
    return *this;
  }
  // What the server shows to clients that ask for `name` (SNI).
  TlsServerOptions& add_certificate_for(std::string name,
                                        std::string chain_file,
                                        std::string key_file) {
    named_certificates_.push_back(
        {std::move(name), std::move(chain_file), std::move(key_file)});
    return *this;
  }
  // Clients are asked for a certificate, which one in this PEM file must have
  // signed; with the second, a client that shows none is refused.
  TlsServerOptions& set_client_trust_file(std::string path) {
    client_trust_file_ = std::move(path);
    return *this;
  }
  TlsServerOptions& set_require_client_certificate(bool require) {
    requires_client_certificate_ = require;
    return *this;
  }
  // ALPN: what the server can speak above TLS, the best first. A client that
  // offers protocols of which the server has none is refused.
  TlsServerOptions& set_protocols(std::vector<std::string> alpn) {
    protocols_ = std::move(alpn);
    return *this;
  }
  // TLS 1.2 to 1.3, unless narrowed.
  TlsServerOptions& set_minimum_version(TlsVersion version) {
    minimum_version_ = version;
    return *this;
  }
  TlsServerOptions& set_maximum_version(TlsVersion version) {
    maximum_version_ = version;
    return *this;
  }
  // How many session tickets a client gets after a handshake of TLS 1.3: 2 by
  // default. 0: no tickets in any version, and every handshake is a full one.
  TlsServerOptions& set_tickets(int tickets) {
    tickets_ = tickets;
    return *this;
  }
  // What tickets are encrypted with, for servers that take each other's: 80
  // random bytes a key (name 16, HMAC 32, AES 32), several in a row. The first
  // encrypts, all decrypt. Without this a context has a key of its own.
  TlsServerOptions& set_ticket_keys(std::string keys) {
    ticket_keys_ = std::move(keys);
    return *this;
  }

  // What was set.
  const std::string& chain_file() const { return chain_file_; }
  const std::string& key_file() const { return key_file_; }
  const std::string& chain_pem() const { return chain_pem_; }
  const std::string& key_pem() const { return key_pem_; }
  const std::vector<Certificate>& named_certificates() const {
    return named_certificates_;
  }
  const std::string& client_trust_file() const { return client_trust_file_; }
  bool requires_client_certificate() const {
    return requires_client_certificate_;
  }
  const std::vector<std::string>& protocols() const { return protocols_; }
  TlsVersion minimum_version() const { return minimum_version_; }
  TlsVersion maximum_version() const { return maximum_version_; }
  int tickets() const { return tickets_; }
  const std::string& ticket_keys() const { return ticket_keys_; }

 private:
  std::string chain_file_;
  std::string key_file_;
  std::string chain_pem_;
  std::string key_pem_;
  std::vector<Certificate> named_certificates_;
  std::string client_trust_file_;
  bool requires_client_certificate_ = false;
  std::vector<std::string> protocols_;
  TlsVersion minimum_version_ = TlsVersion::kTls1_2;
  TlsVersion maximum_version_ = TlsVersion::kTls1_3;
  int tickets_ = 2;
  std::string ticket_keys_;
};

// Immutable, cheap to copy, and for any thread. Runs on several threads are
// faster with a context each: OpenSSL 3 takes locks in a shared one.
class TlsContext {
 public:
  // Verifies servers with the system's trust, unless the options name another.
  // Reads files; waits for nothing else.
  // Errors: kNotFound, kPermissionDenied and others: a file cannot be read.
  //   kInvalidArgument: a file is no PEM, a key is encrypted or belongs to
  //   another certificate, a protocol is empty or longer than 255 bytes, the
  //   versions exclude each other. kFailedPrecondition: the system's trust is
  //   not where systems have it. The message names the file.
  static absl::StatusOr<TlsContext> ForClients(
      TlsClientOptions options = TlsClientOptions());

  // Errors: the same, and kInvalidArgument without any certificate or if the
  //   ticket keys are not a multiple of 80 bytes.
  static absl::StatusOr<TlsContext> ForServers(TlsServerOptions options);

  // For the library.
  const internal::TlsContextState& state() const { return *state_; }

 private:
  explicit TlsContext(std::shared_ptr<const internal::TlsContextState> state);

  std::shared_ptr<const internal::TlsContextState> state_;
};

}  // namespace creche

#endif  // CRECHE_TLS_TLS_CONTEXT_H_
