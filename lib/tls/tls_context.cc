// SPDX-License-Identifier: Apache-2.0

#include "creche/tls/tls_context.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/tls/callback_state.h"
#include "lib/tls/openssl_ptr.h"
#include "lib/tls/pem.h"
#include "lib/tls/system_trust.h"
#include "lib/tls/tls_context_state.h"

namespace creche {
namespace internal {
namespace {

absl::Status UseCertificateFiles(SSL_CTX* context,
                                 const std::string& chain_file,
                                 const std::string& key_file) {
  const absl::StatusOr<Pem> chain = ReadPem(chain_file);
  if (!chain.ok()) return chain.status();
  const absl::StatusOr<Pem> key = ReadPem(key_file);
  if (!key.ok()) return key.status();
  return UseCertificate(context, *chain, *key);
}

absl::Status Trust(SSL_CTX* context, const TlsClientOptions& options) {
  if (options.accepts_any_certificate()) return absl::OkStatus();
  if (options.trusted_file().empty() && options.trusted_pem().empty()) {
    return TrustWhatTheSystemTrusts(context);
  }
  if (!options.trusted_pem().empty()) {
    absl::Status added = AddTrusted(
        context,
        Pem{options.trusted_pem(), "TlsClientOptions::set_trusted_pem()"});
    if (!added.ok()) return added;
  }
  if (options.trusted_file().empty()) return absl::OkStatus();
  const absl::StatusOr<Pem> pem = ReadPem(options.trusted_file());
  return pem.ok() ? AddTrusted(context, *pem) : pem.status();
}

// A session that came from a server belongs to the name that was verified.
int KeepSession(SSL* ssl, SSL_SESSION* session) {
  const std::string& name = CallbackStateOf(ssl).session_name;
  if (name.empty()) return 0;  // It stays OpenSSL's, which frees it.
  TlsContextState::Of(SSL_get_SSL_CTX(ssl))
      .sessions.Put(name, OpensslPtr<SSL_SESSION>(session));
  return 1;
}

void KeepSessions(const TlsContextState& state) {
  if (state.sessions.is_disabled()) return;
  SSL_CTX_set_session_cache_mode(
      state.context.get(),
      SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(state.context.get(), &KeepSession);
}

absl::Status Configure(TlsContextState& state,
                       const TlsClientOptions& options) {
  state.context = state.MakeContext(TLS_client_method());
  SSL_CTX* const context = state.context.get();
  absl::Status status = SetVersions(context, options.minimum_version(),
                                    options.maximum_version());
  if (status.ok()) status = Trust(context, options);
  if (status.ok() && !options.chain_file().empty()) {
    status =
        UseCertificateFiles(context, options.chain_file(), options.key_file());
  }
  if (status.ok()) {
    status = EncodeProtocols(options.protocols(), state.protocols);
  }
  if (!status.ok()) return status;
  SSL_CTX_set_verify(
      context,
      options.accepts_any_certificate() ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
      &NoteVerification);
  SSL_CTX_set_alpn_protos(
      context, reinterpret_cast<const unsigned char*>(state.protocols.data()),
      static_cast<unsigned>(state.protocols.size()));
  KeepSessions(state);
  return absl::OkStatus();
}

// The server's protocols, the best first, against what the client offers.
int ChooseProtocol(SSL* ssl, const unsigned char** chosen,
                   unsigned char* chosen_size, const unsigned char* offered,
                   unsigned offered_size, void* /*unused*/) {
  const std::string& protocols =
      TlsContextState::Of(SSL_get_SSL_CTX(ssl)).protocols;
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(
      &found, chosen_size,
      reinterpret_cast<const unsigned char*>(protocols.data()),
      static_cast<unsigned>(protocols.size()), offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* FindByName(const TlsContextState& state, absl::string_view asked) {
  const std::string name = absl::AsciiStrToLower(asked);
  auto found = state.named_contexts.find(name);
  if (found == state.named_contexts.end()) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return nullptr;
    found = state.named_contexts.find(absl::StrCat("*", name.substr(dot)));
  }
  return found != state.named_contexts.end() ? found->second.get() : nullptr;
}

int ChooseCertificate(SSL* ssl, int* /*alert*/, void* /*unused*/) {
  const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* const context =
      FindByName(TlsContextState::Of(SSL_get_SSL_CTX(ssl)), asked);
  if (context != nullptr) SSL_set_SSL_CTX(ssl, context);
  return SSL_TLSEXT_ERR_OK;
}

absl::Status TrustClients(SSL_CTX* context, const TlsServerOptions& options) {
  if (options.client_trust_file().empty()) {
    if (!options.requires_client_certificate()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "set_require_client_certificate(): set_client_trust_file() says whom "
        "to trust, and is missing");
  }
  const absl::StatusOr<Pem> pem = ReadPem(options.client_trust_file());
  if (!pem.ok()) return pem.status();
  absl::Status added = AddTrusted(context, *pem);
  if (!added.ok()) return added;
  // What clients see of whom they may show a certificate.
  SSL_CTX_set_client_CA_list(
      context, SSL_load_client_CA_file(options.client_trust_file().c_str()));
  SSL_CTX_set_verify(context,
                     SSL_VERIFY_PEER | (options.requires_client_certificate()
                                            ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                                            : 0),
                     &NoteVerification);
  return absl::OkStatus();
}

void LimitTickets(SSL_CTX* context, const TlsServerOptions& options) {
  // A server keeps no sessions: those who want to resume bring a ticket.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(
      context, static_cast<std::size_t>(std::max(options.tickets(), 0)));
  if (options.tickets() <= 0) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

// All but the certificate.
absl::StatusOr<OpensslPtr<SSL_CTX>> MakeServerContext(
    TlsContextState& state, const TlsServerOptions& options) {
  OpensslPtr<SSL_CTX> made = state.MakeContext(TLS_server_method());
  SSL_CTX* const context = made.get();
  absl::Status status = SetVersions(context, options.minimum_version(),
                                    options.maximum_version());
  if (status.ok()) status = TrustClients(context, options);
  if (!status.ok()) return status;
  // Sessions of clients with certificates are resumed within this context only.
  constexpr unsigned char kSessionContext[] = "creche";
  SSL_CTX_set_session_id_context(context, kSessionContext,
                                 sizeof(kSessionContext) - 1);
  LimitTickets(context, options);
  if (!state.ticket_keys.empty()) TicketKeys::UseFor(context);
  if (!state.protocols.empty()) {
    SSL_CTX_set_alpn_select_cb(context, &ChooseProtocol, nullptr);
  }
  return made;
}

absl::Status UseDefaultCertificate(SSL_CTX* context,
                                   const TlsServerOptions& options) {
  if (!options.chain_file().empty()) {
    return UseCertificateFiles(context, options.chain_file(),
                               options.key_file());
  }
  if (options.chain_pem().empty()) {
    return absl::InvalidArgumentError(
        "a TLS server needs a certificate: "
        "TlsServerOptions::set_certificate()");
  }
  return UseCertificate(
      context, Pem{options.chain_pem(), "the chain of set_certificate_pem()"},
      Pem{options.key_pem(), "the key of set_certificate_pem()"});
}

absl::Status AddNamedCertificate(TlsContextState& state,
                                 const TlsServerOptions& options,
                                 const TlsServerOptions::Certificate& named) {
  absl::StatusOr<OpensslPtr<SSL_CTX>> context =
      MakeServerContext(state, options);
  if (!context.ok()) return context.status();
  absl::Status used =
      UseCertificateFiles(context->get(), named.chain_file, named.key_file);
  if (!used.ok()) return used;
  state.named_contexts[absl::AsciiStrToLower(named.name)] = *std::move(context);
  return absl::OkStatus();
}

absl::Status Configure(TlsContextState& state,
                       const TlsServerOptions& options) {
  absl::Status status = EncodeProtocols(options.protocols(), state.protocols);
  if (status.ok()) status = state.ticket_keys.Set(options.ticket_keys());
  if (!status.ok()) return status;
  absl::StatusOr<OpensslPtr<SSL_CTX>> context =
      MakeServerContext(state, options);
  if (!context.ok()) return context.status();
  state.context = *std::move(context);
  status = UseDefaultCertificate(state.context.get(), options);
  if (!status.ok()) return status;
  for (const TlsServerOptions::Certificate& named :
       options.named_certificates()) {
    status = AddNamedCertificate(state, options, named);
    if (!status.ok()) return status;
  }
  SSL_CTX_set_tlsext_servername_callback(state.context.get(),
                                         &ChooseCertificate);
  return absl::OkStatus();
}

}  // namespace
}  // namespace internal

TlsContext::TlsContext(std::shared_ptr<const internal::TlsContextState> state)
    : state_(std::move(state)) {}

absl::StatusOr<TlsContext> TlsContext::ForClients(TlsClientOptions options) {
  auto state = std::make_shared<internal::TlsContextState>(
      /*is_client=*/true, options.session_cache());
  absl::Status configured = internal::Configure(*state, options);
  if (!configured.ok()) return configured;
  return TlsContext(std::move(state));
}

absl::StatusOr<TlsContext> TlsContext::ForServers(TlsServerOptions options) {
  auto state = std::make_shared<internal::TlsContextState>(/*is_client=*/false,
                                                           /*session_names=*/0);
  absl::Status configured = internal::Configure(*state, options);
  if (!configured.ok()) return configured;
  return TlsContext(std::move(state));
}

}  // namespace creche
