// SPDX-License-Identifier: Apache-2.0
//
// What HTTP says of requests and redirects that libcurl leaves to its caller.

#ifndef CRECHE_LIB_CURL_HTTP_RULES_H_
#define CRECHE_LIB_CURL_HTTP_RULES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/curl/http_request.h"
#include "lib/curl/http_target.h"

namespace creche::internal {

// Whether it can be written as the head of one request, and no more than one.
// Errors: kInvalidArgument.
absl::Status CheckRequest(const HttpRequest& request);

// GET, unless something else was set or there is a body.
std::string MethodOf(const HttpRequest& request);

// Whether there is a header of that name, in upper or lower case.
bool HasHeader(const HttpRequest& request, absl::string_view name);

// 301, 302, 303, 307, 308.
bool IsRedirect(int code);

// Whether the redirect `code` turns `request` into a GET without a body.
bool BecomesGet(const HttpRequest& request, int code);

// What to ask `to` after `from` has answered `code` (RFC 9110, 15.4).
// Requires: BecomesGet(), or the body is no source.
HttpRequest Redirected(const HttpRequest& request, int code,
                       const HttpTarget& from, const HttpTarget& to);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_HTTP_RULES_H_
