// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/curl_errors.h"

#include <curl/curl.h>

#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

absl::StatusCode StatusCodeOf(CURLcode code, int socket_error) {
  if (socket_error == EMFILE || socket_error == ENFILE) {
    return absl::StatusCode::kResourceExhausted;
  }
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return absl::StatusCode::kInvalidArgument;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return absl::StatusCode::kUnauthenticated;
    // Of a line of headers that is longer than libcurl takes, too.
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FILESIZE_EXCEEDED:
      return absl::StatusCode::kResourceExhausted;
    case CURLE_BAD_CONTENT_ENCODING:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::string_view PhaseOf(CURLcode code, std::size_t header_size,
                          std::size_t body_size) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
      return "resolve";
    case CURLE_COULDNT_CONNECT:
      return "connect";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return "TLS handshake";
    default:
      break;
  }
  if (body_size > 0) return "body";
  return header_size > 0 ? "headers" : "request";
}

}  // namespace creche::internal
