// SPDX-License-Identifier: Apache-2.0
//
// Certificates and keys in PEM (RFC 7468), as files and as text.

#ifndef CRECHE_LIB_TLS_PEM_H_
#define CRECHE_LIB_TLS_PEM_H_

#include <openssl/ssl.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// A text, and where it comes from, for messages.
struct Pem {
  std::string text;
  std::string source;
};

absl::StatusOr<Pem> ReadPem(const std::string& path);

// The context shows this chain, whose first certificate is its own.
absl::Status UseCertificate(SSL_CTX* context, const Pem& chain, const Pem& key);

// The context trusts these certificates, of which there must be one at least.
absl::Status AddTrusted(SSL_CTX* context, const Pem& certificates);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_PEM_H_
