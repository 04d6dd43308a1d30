// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/openssl_errors.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace creche::internal {
namespace {

// RFC 8446, 6, and RFC 5246, 7.2. OpenSSL knows them by descriptions only.
const char* NameOfAlert(int alert) {
  switch (alert) {
    case SSL_AD_CLOSE_NOTIFY:
      return "close_notify";
    case SSL_AD_UNEXPECTED_MESSAGE:
      return "unexpected_message";
    case SSL_AD_BAD_RECORD_MAC:
      return "bad_record_mac";
    case SSL_AD_RECORD_OVERFLOW:
      return "record_overflow";
    case SSL_AD_HANDSHAKE_FAILURE:
      return "handshake_failure";
    case SSL_AD_BAD_CERTIFICATE:
      return "bad_certificate";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return "unsupported_certificate";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "certificate_revoked";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "certificate_expired";
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return "certificate_unknown";
    case SSL_AD_ILLEGAL_PARAMETER:
      return "illegal_parameter";
    case SSL_AD_UNKNOWN_CA:
      return "unknown_ca";
    case SSL_AD_ACCESS_DENIED:
      return "access_denied";
    case SSL_AD_DECODE_ERROR:
      return "decode_error";
    case SSL_AD_DECRYPT_ERROR:
      return "decrypt_error";
    case SSL_AD_PROTOCOL_VERSION:
      return "protocol_version";
    case SSL_AD_INSUFFICIENT_SECURITY:
      return "insufficient_security";
    case SSL_AD_INTERNAL_ERROR:
      return "internal_error";
    case SSL_AD_INAPPROPRIATE_FALLBACK:
      return "inappropriate_fallback";
    case SSL_AD_USER_CANCELLED:
      return "user_canceled";
    case SSL_AD_NO_RENEGOTIATION:
      return "no_renegotiation";
    case SSL_AD_MISSING_EXTENSION:
      return "missing_extension";
    case SSL_AD_UNSUPPORTED_EXTENSION:
      return "unsupported_extension";
    case SSL_AD_UNRECOGNIZED_NAME:
      return "unrecognized_name";
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
      return "unknown_psk_identity";
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "certificate_required";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "no_application_protocol";
    default:
      return "unknown";
  }
}

}  // namespace

OpensslError OpensslError::Take() {
  OpensslError error;
  error.code = ERR_get_error();
  error.reason = ERR_GET_REASON(error.code);
  error.is_of_tls = ERR_GET_LIB(error.code) == ERR_LIB_SSL;
  ERR_clear_error();
  return error;
}

std::string OpensslError::AlertOfPeer() const {
  if (!is_of_tls || reason < SSL_AD_REASON_OFFSET) return "";
  const int alert = reason - SSL_AD_REASON_OFFSET;
  return absl::StrCat(NameOfAlert(alert), " (", alert, ", ",
                      SSL_alert_desc_string_long(alert), ")");
}

std::string OpensslError::Text() const {
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "OpenSSL does not say why";
}

}  // namespace creche::internal
