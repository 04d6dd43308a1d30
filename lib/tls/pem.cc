// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/tls/openssl_errors.h"
#include "lib/tls/openssl_ptr.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

OpensslPtr<BIO> Reader(const Pem& pem) {
  return OpensslPtr<BIO>(
      BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())));
}

absl::Status Invalid(const Pem& pem, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(pem.source, ": ", what));
}

// Instead of asking for a password on the terminal, as OpenSSL would.
int NoPassword(char* /*buffer*/, int /*size*/, int /*for_writing*/,
               void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

// nullptr if there is none, or no more.
OpensslPtr<X509> NextCertificate(BIO* reader) {
  OpensslPtr<X509> certificate(
      PEM_read_bio_X509(reader, nullptr, nullptr, nullptr));
  return certificate;
}

// Why there is no further certificate: because the text ends, or because what
// comes now is broken.
absl::Status EndOfCertificates(const Pem& pem) {
  const OpensslError error = OpensslError::Take();
  if (ERR_GET_LIB(error.code) == ERR_LIB_PEM &&
      error.reason == PEM_R_NO_START_LINE) {
    return absl::OkStatus();
  }
  return Invalid(pem, absl::StrCat("a broken certificate: ", error.Text()));
}

absl::Status UseChain(SSL_CTX* context, const Pem& chain) {
  ERR_clear_error();
  const OpensslPtr<BIO> reader = Reader(chain);
  const OpensslPtr<X509> own = NextCertificate(reader.get());
  if (own == nullptr) {
    absl::Status ended = EndOfCertificates(chain);
    return ended.ok() ? Invalid(chain, "there is no certificate in PEM")
                      : ended;
  }
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return Invalid(chain, OpensslError::Take().Text());
  }
  while (const OpensslPtr<X509> next = NextCertificate(reader.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) {
      return Invalid(chain, OpensslError::Take().Text());
    }
  }
  return EndOfCertificates(chain);
}

absl::StatusOr<OpensslPtr<EVP_PKEY>> ReadKey(const Pem& pem) {
  ERR_clear_error();
  bool is_encrypted = false;
  OpensslPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr,
                                                   &NoPassword, &is_encrypted));
  if (key != nullptr) return key;
  const OpensslError error = OpensslError::Take();
  if (is_encrypted) {
    return Invalid(pem, "the private key is encrypted: give one that is not");
  }
  return Invalid(pem, absl::StrCat("no private key in PEM: ", error.Text()));
}

}  // namespace

absl::StatusOr<Pem> ReadPem(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (file == nullptr) return SystemError(errno, absl::StrCat("open ", path));
  Pem pem{"", path};
  char part[4096];
  while (const std::size_t size =
             std::fread(part, 1, sizeof(part), file.get())) {
    pem.text.append(part, size);
  }
  // A directory can be opened.
  if (std::ferror(file.get()) != 0) {
    return SystemError(errno, absl::StrCat("read ", path));
  }
  return pem;
}

absl::Status UseCertificate(SSL_CTX* context, const Pem& chain,
                            const Pem& key) {
  if (absl::Status used = UseChain(context, chain); !used.ok()) return used;
  const absl::StatusOr<OpensslPtr<EVP_PKEY>> private_key = ReadKey(key);
  if (!private_key.ok()) return private_key.status();
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey(context, private_key->get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return Invalid(
        key, absl::StrCat("the private key does not belong to the "
                          "certificate of ",
                          chain.source, ": ", OpensslError::Take().Text()));
  }
  return absl::OkStatus();
}

absl::Status AddTrusted(SSL_CTX* context, const Pem& certificates) {
  ERR_clear_error();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const OpensslPtr<BIO> reader = Reader(certificates);
  bool has_any = false;
  while (const OpensslPtr<X509> certificate = NextCertificate(reader.get())) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) {
      return Invalid(certificates, OpensslError::Take().Text());
    }
    has_any = true;
  }
  absl::Status ended = EndOfCertificates(certificates);
  if (ended.ok() && !has_any) {
    return Invalid(certificates, "there is no certificate in PEM");
  }
  return ended;
}

}  // namespace creche::internal
