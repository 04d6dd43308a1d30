// SPDX-License-Identifier: Apache-2.0
//
// TlsContextState: what is in a TlsContext.

#ifndef CRECHE_LIB_TLS_TLS_CONTEXT_STATE_H_
#define CRECHE_LIB_TLS_TLS_CONTEXT_STATE_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/tls/tls_context.h"
#include "lib/tls/openssl_ptr.h"
#include "lib/tls/session_cache.h"
#include "lib/tls/ticket_keys.h"

namespace creche::internal {

// Does not change once it is made, but for the sessions, which have a lock.
class TlsContextState {
 public:
  TlsContextState(bool is_client, std::size_t session_names)
      : is_client(is_client), sessions(session_names) {}
  TlsContextState(const TlsContextState&) = delete;
  TlsContextState& operator=(const TlsContextState&) = delete;

  // The one whose SSL_CTX this is, or belongs to.
  static TlsContextState& Of(const SSL_CTX* context);

  // An SSL_CTX that knows this object, with what all of ours have in common.
  OpensslPtr<SSL_CTX> MakeContext(const SSL_METHOD* method);

  const bool is_client;
  OpensslPtr<SSL_CTX> context;
  // The protocols as ALPN writes them: each with its length before it.
  std::string protocols;

  // Of clients.
  mutable SessionCache sessions;

  // Of servers: contexts with other certificates, by the names that clients
  // ask for, in lower case; and what tickets are encrypted with.
  std::map<std::string, OpensslPtr<SSL_CTX>> named_contexts;
  TicketKeys ticket_keys;
};

// Each protocol with its length before it (RFC 7301, 3.1).
absl::Status EncodeProtocols(const std::vector<std::string>& protocols,
                             std::string& encoded);

absl::Status SetVersions(SSL_CTX* context, TlsVersion minimum,
                         TlsVersion maximum);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_TLS_CONTEXT_STATE_H_
