// SPDX-License-Identifier: Apache-2.0
//
// What OpenSSL's queue of errors says. The queue belongs to the thread, and a
// call that succeeds leaves it as it was: clear it before a call whose errors
// are to be read.

#ifndef CRECHE_LIB_TLS_OPENSSL_ERRORS_H_
#define CRECHE_LIB_TLS_OPENSSL_ERRORS_H_

#include <string>

namespace creche::internal {

// The first error of the queue, which this empties.
struct OpensslError {
  static OpensslError Take();

  // The alert that the peer has sent, by its name in RFC 8446, its number
  // and OpenSSL's description; empty if the error is not one.
  std::string AlertOfPeer() const;
  std::string Text() const;

  int reason = 0;  // SSL_R_..., if `is_of_tls`.
  bool is_of_tls = false;
  unsigned long code = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_OPENSSL_ERRORS_H_
