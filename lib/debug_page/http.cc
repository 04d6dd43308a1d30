// SPDX-License-Identifier: Apache-2.0

#include "lib/debug_page/http.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace creche::internal {
namespace {

// What the page may do in a browser: run what is in it, and ask this server.
// Nobody may frame it, or use what it gets from here.
constexpr char kSafety[] =
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; img-src blob: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n";

// A Host header's value, or nothing.
bool ParseHost(absl::string_view line, std::string& host) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return false;
  if (!absl::EqualsIgnoreCase(line.substr(0, colon), "host")) return false;
  host = std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return true;
}

}  // namespace

absl::StatusOr<HttpRequest> HttpRequest::Parse(absl::string_view head) {
  const std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  const std::vector<absl::string_view> words = absl::StrSplit(lines[0], ' ');
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1.") ||
      !absl::StartsWith(words[1], "/")) {
    return absl::InvalidArgumentError("this is no request of HTTP/1.1");
  }
  HttpRequest request;
  request.method = std::string(words[0]);
  request.path = std::string(words[1].substr(0, words[1].find('?')));
  int hosts = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    if (ParseHost(lines[i], request.host)) ++hosts;
  }
  if (hosts != 1) {
    return absl::InvalidArgumentError("a request needs one Host header");
  }
  return request;
}

std::string HttpResponse::ToString(bool with_body) const {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", content_type,
                      "\r\nContent-Length: ", body.size(),
                      "\r\nConnection: close\r\n", kSafety, "\r\n",
                      with_body ? body : "");
}

}  // namespace creche::internal
