// SPDX-License-Identifier: Apache-2.0
//
// HttpRequest, HttpResponse: as much of HTTP/1.1 (RFC 9112) as the debug page
// needs: a GET without a body, one for each connection.

#ifndef CRECHE_LIB_DEBUG_PAGE_HTTP_H_
#define CRECHE_LIB_DEBUG_PAGE_HTTP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

struct HttpRequest {
  std::string method;
  std::string path;  // Without its query.
  std::string host;  // What the Host header says.

  // `head` is everything before the empty line.
  // Errors: kInvalidArgument: it is no request of HTTP/1, or has not one Host.
  static absl::StatusOr<HttpRequest> Parse(absl::string_view head);
};

struct HttpResponse {
  const char* status = "200 OK";
  const char* content_type = "text/plain; charset=utf-8";
  std::string body;

  // For a HEAD without the body.
  std::string ToString(bool with_body) const;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_PAGE_HTTP_H_
