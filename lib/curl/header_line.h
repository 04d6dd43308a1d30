// SPDX-License-Identifier: Apache-2.0
//
// AddHeaderLine: a line of a response's head, as a header of the response.

#ifndef CRECHE_LIB_CURL_HEADER_LINE_H_
#define CRECHE_LIB_CURL_HEADER_LINE_H_

#include "absl/strings/string_view.h"
#include "creche/curl/http_request.h"

namespace creche::internal {

// `line` is not the first one of a head. It may be a value that goes on, as it
// did before RFC 7230. One that is no header is left out. Returns false for the
// one at the end of the head, as libcurl knows it: there is nothing before its
// line break.
bool AddHeaderLine(absl::string_view line, HttpResponse& response);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_HEADER_LINE_H_
