// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/callback_state.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "absl/strings/str_cat.h"

namespace creche::internal {
namespace {

int IndexInConnection() {
  static const int index =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

CallbackState& CallbackStateOf(const SSL* ssl) {
  return *static_cast<CallbackState*>(
      SSL_get_ex_data(ssl, IndexInConnection()));
}

void SetCallbackState(SSL* ssl, CallbackState* state) {
  SSL_set_ex_data(ssl, IndexInConnection(), state);
}

int NoteVerification(int is_accepted, X509_STORE_CTX* verification) {
  if (is_accepted != 0) return is_accepted;
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(
      verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const int error = X509_STORE_CTX_get_error(verification);
  char subject[256] = "";
  X509* const certificate = X509_STORE_CTX_get_current_cert(verification);
  if (certificate != nullptr) {
    X509_NAME_oneline(X509_get_subject_name(certificate), subject,
                      sizeof(subject));
  }
  CallbackStateOf(ssl).verification_error = absl::StrCat(
      X509_verify_cert_error_string(error), " (depth ",
      X509_STORE_CTX_get_error_depth(verification), ", subject ", subject, ")");
  return is_accepted;
}

}  // namespace creche::internal
