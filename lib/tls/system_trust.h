// SPDX-License-Identifier: Apache-2.0
//
// The certificates that this system trusts.

#ifndef CRECHE_LIB_TLS_SYSTEM_TRUST_H_
#define CRECHE_LIB_TLS_SYSTEM_TRUST_H_

#include <openssl/ssl.h>

#include "absl/status/status.h"

namespace creche::internal {

// Errors: kFailedPrecondition: there are none in any of the places.
absl::Status TrustWhatTheSystemTrusts(SSL_CTX* context);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_SYSTEM_TRUST_H_
