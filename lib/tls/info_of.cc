// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/info_of.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstddef>
#include <string>

#include "creche/tls/tls_context.h"
#include "creche/tls/tls_info.h"
#include "lib/tls/openssl_ptr.h"

namespace creche::internal {
namespace {

std::string CertificateOf(const SSL* ssl) {
  const OpensslPtr<X509> certificate(SSL_get_peer_certificate(ssl));
  if (certificate == nullptr) return "";
  std::string der(
      static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)), '\0');
  auto* end = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate.get(), &end);
  return der;
}

}  // namespace

TlsInfo InfoOf(const SSL* ssl) {
  TlsInfo info;
  info.version = SSL_version(ssl) == TLS1_3_VERSION ? TlsVersion::kTls1_3
                                                    : TlsVersion::kTls1_2;
  info.cipher = SSL_get_cipher_name(ssl);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  info.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  info.is_resumed = SSL_session_reused(ssl) == 1;
  info.peer_certificate_der = CertificateOf(ssl);
  return info;
}

}  // namespace creche::internal
