// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/tls_context_state.h"

#include <openssl/objects.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/tls/tls_context.h"
#include "lib/tls/openssl_ptr.h"

namespace creche::internal {
namespace {

int IndexInContext() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int NumberOf(TlsVersion version) {
  return version == TlsVersion::kTls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

// Without a key of the connection's own, whoever gets the certificate's key can
// read all that was recorded before. (TLS 1.3 has no such ciphers.) Of the
// others those stay that the system's configuration of OpenSSL allows; where it
// allows none, there is no TLS 1.2.
void DropCiphersWithoutForwardSecrecy(SSL_CTX* context) {
  std::string kept;
  const auto* const ciphers = SSL_CTX_get_ciphers(context);
  const int count = static_cast<int>(sk_SSL_CIPHER_num(ciphers));
  for (int i = 0; i < count; ++i) {
    const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(ciphers, i);
    if (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_rsa) continue;
    absl::StrAppend(&kept, kept.empty() ? "" : ":",
                    SSL_CIPHER_get_name(cipher));
  }
  SSL_CTX_set_cipher_list(context, kept.c_str());
}

}  // namespace

TlsContextState& TlsContextState::Of(const SSL_CTX* context) {
  return *static_cast<TlsContextState*>(
      SSL_CTX_get_ex_data(context, IndexInContext()));
}

OpensslPtr<SSL_CTX> TlsContextState::MakeContext(const SSL_METHOD* method) {
  OpensslPtr<SSL_CTX> made(SSL_CTX_new(method));
  SSL_CTX_set_ex_data(made.get(), IndexInContext(), this);
  // Renegotiation would let receiving wait for sending.
  SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION |
                                      SSL_OP_NO_COMPRESSION |
                                      SSL_OP_CIPHER_SERVER_PREFERENCE);
  DropCiphersWithoutForwardSecrecy(made.get());
  // A connection that is idle keeps no buffers; and what is sent is given in
  // parts, which may lie elsewhere the next time.
  SSL_CTX_set_mode(made.get(), SSL_MODE_RELEASE_BUFFERS |
                                   SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

absl::Status EncodeProtocols(const std::vector<std::string>& protocols,
                             std::string& encoded) {
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      return absl::InvalidArgumentError(
          absl::StrCat("set_protocols(): the name of a protocol has 1 to 255 "
                       "bytes, not ",
                       protocol.size()));
    }
    encoded.push_back(static_cast<char>(protocol.size()));
    encoded += protocol;
  }
  return absl::OkStatus();
}

absl::Status SetVersions(SSL_CTX* context, TlsVersion minimum,
                         TlsVersion maximum) {
  if (minimum > maximum) {
    return absl::InvalidArgumentError(
        "set_minimum_version(): it is above set_maximum_version()");
  }
  SSL_CTX_set_min_proto_version(context, NumberOf(minimum));
  SSL_CTX_set_max_proto_version(context, NumberOf(maximum));
  return absl::OkStatus();
}

}  // namespace creche::internal
