// SPDX-License-Identifier: Apache-2.0
//
// OpensslPtr: owns one of OpenSSL's objects.

#ifndef CRECHE_LIB_TLS_OPENSSL_PTR_H_
#define CRECHE_LIB_TLS_OPENSSL_PTR_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace creche::internal {

struct OpensslDeleter {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_VERIFY_PARAM* parameters) const {
    X509_VERIFY_PARAM_free(parameters);
  }
};

template <typename T>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter>;

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_OPENSSL_PTR_H_
