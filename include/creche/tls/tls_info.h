// SPDX-License-Identifier: Apache-2.0
//
// TlsInfo: what a handshake has agreed on.
//
//   if (stream.info().protocol == "h2") co_return co_await ServeHttp2(stream);

#ifndef CRECHE_TLS_TLS_INFO_H_
#define CRECHE_TLS_TLS_INFO_H_

#include <string>

#include "creche/tls/tls_context.h"

namespace creche {

// What a handshake has agreed on.
struct TlsInfo {
  // Of TLS.
  TlsVersion version = TlsVersion::kTls1_3;
  // As OpenSSL names it: "TLS_AES_256_GCM_SHA384".
  std::string cipher;
  // By ALPN; empty if nothing was agreed on.
  std::string protocol;
  // The handshake was a short one, on the ground of an earlier session.
  bool is_resumed = false;
  // The certificate that the peer has shown, in DER; empty if none.
  std::string peer_certificate_der;
};

}  // namespace creche

#endif  // CRECHE_TLS_TLS_INFO_H_
