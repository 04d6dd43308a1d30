// SPDX-License-Identifier: Apache-2.0
//
// InfoOf: what a handshake that is done has agreed on.

#ifndef CRECHE_LIB_TLS_INFO_OF_H_
#define CRECHE_LIB_TLS_INFO_OF_H_

#include <openssl/ssl.h>

#include "creche/tls/tls_info.h"

namespace creche::internal {

TlsInfo InfoOf(const SSL* ssl);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_INFO_OF_H_
