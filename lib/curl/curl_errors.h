// SPDX-License-Identifier: Apache-2.0
//
// What libcurl's codes mean to the caller of an HttpClient.

#ifndef CRECHE_LIB_CURL_CURL_ERRORS_H_
#define CRECHE_LIB_CURL_CURL_ERRORS_H_

#include <curl/curl.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// Of a transfer that has failed. `socket_error`: the errno of socket(2), or 0.
absl::StatusCode StatusCodeOf(CURLcode code, int socket_error);

// How far it was, by what had come of the headers and the body.
absl::string_view PhaseOf(CURLcode code, std::size_t header_size,
                          std::size_t body_size);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_CURL_ERRORS_H_
