// SPDX-License-Identifier: Apache-2.0
//
// CallbackState: what OpenSSL's callbacks know of the connection that they are
// called for.

#ifndef CRECHE_LIB_TLS_CALLBACK_STATE_H_
#define CRECHE_LIB_TLS_CALLBACK_STATE_H_

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>

namespace creche::internal {

struct CallbackState {
  // Under which name the session is kept; empty: it is not.
  std::string session_name;
  // What was wrong with the peer's certificate, and with which of its chain.
  std::string verification_error;
};

CallbackState& CallbackStateOf(const SSL* ssl);
void SetCallbackState(SSL* ssl, CallbackState* state);

// For SSL_CTX_set_verify(): lets OpenSSL decide, and notes what is wrong.
int NoteVerification(int is_accepted, X509_STORE_CTX* verification);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_CALLBACK_STATE_H_
