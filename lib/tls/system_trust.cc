// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/system_trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/tls/openssl_errors.h"
#include "lib/tls/pem.h"

namespace creche::internal {
namespace {

// Where distributions keep them, as Go's crypto/x509 lists it
// (root_linux.go). An OpenSSL that was built with the program looks below a
// prefix of its own, and finds nothing.
constexpr const char* kFiles[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Gentoo.
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL 6.
    "/etc/ssl/ca-bundle.pem",              // openSUSE.
    "/etc/pki/tls/cacert.pem",             // OpenELEC.
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and newer.
    "/etc/ssl/cert.pem",                                  // Alpine.
};

absl::Status AddTrustedFile(SSL_CTX* context, const char* path) {
  const absl::StatusOr<Pem> pem = ReadPem(path);
  return pem.ok() ? AddTrusted(context, *pem) : pem.status();
}

// A directory is looked into when a certificate is verified.
absl::Status AddTrustedDirectory(SSL_CTX* context, const char* path) {
  ERR_clear_error();
  if (SSL_CTX_load_verify_locations(context, nullptr, path) == 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("SSL_CERT_DIR=", path, ": ", OpensslError::Take().Text()));
}

}  // namespace

absl::Status TrustWhatTheSystemTrusts(SSL_CTX* context) {
  const char* const file = std::getenv("SSL_CERT_FILE");
  const char* const directory = std::getenv("SSL_CERT_DIR");
  if (directory != nullptr) {
    absl::Status added = AddTrustedDirectory(context, directory);
    if (!added.ok()) return added;
  }
  if (file != nullptr) return AddTrustedFile(context, file);
  if (directory != nullptr) return absl::OkStatus();
  for (const char* path : kFiles) {
    if (access(path, F_OK) == 0) return AddTrustedFile(context, path);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "no certificates that this system trusts: install its package "
      "ca-certificates, or say where they are with "
      "TlsClientOptions::set_trusted_file() or SSL_CERT_FILE. Looked for: ",
      absl::StrJoin(kFiles, ", ")));
}

}  // namespace creche::internal
