// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/http_rules.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/curl/http_request.h"
#include "lib/curl/http_target.h"

namespace creche {

std::optional<std::string> HttpResponse::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

namespace internal {
namespace {

// RFC 9110, 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("!#$%&'*+-.^_`|~", absl::string_view(&c, 1));
  });
}

// Else it could be the end of its line, or of the head.
bool IsOneLine(absl::string_view text) {
  return text.find_first_of(absl::string_view("\0\r\n", 3)) ==
         absl::string_view::npos;
}

bool IsSecret(absl::string_view header) {
  return absl::EqualsIgnoreCase(header, "Authorization") ||
         absl::EqualsIgnoreCase(header, "Cookie");
}

bool IsOfBody(absl::string_view header) {
  return absl::StartsWithIgnoreCase(header, "Content-");
}

absl::Status RequestError(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("HttpClient: the request: ", why));
}

}  // namespace

absl::Status CheckRequest(const HttpRequest& request) {
  const std::string method = MethodOf(request);
  if (!IsToken(method)) return RequestError("its method is not a word");
  if (method == "CONNECT") return RequestError("CONNECT is for proxies only");
  if (method == "HEAD" && request.has_body()) {
    return RequestError("HEAD takes no body");
  }
  for (const auto& [name, value] : request.headers()) {
    if (!IsToken(name)) return RequestError("the name of a header is no word");
    if (!IsOneLine(value)) {
      return RequestError(absl::StrCat(
          "the header ", name, " has a line break or a NUL in its value"));
    }
    if (absl::EqualsIgnoreCase(name, "Content-Length") ||
        absl::EqualsIgnoreCase(name, "Transfer-Encoding")) {
      return RequestError(
          absl::StrCat("the header ", name, " is the client's to say"));
    }
  }
  return absl::OkStatus();
}

bool HasHeader(const HttpRequest& request, absl::string_view name) {
  for (const auto& header : request.headers()) {
    if (absl::EqualsIgnoreCase(header.first, name)) return true;
  }
  return false;
}

std::string MethodOf(const HttpRequest& request) {
  if (!request.method().empty()) return request.method();
  return request.has_body() ? "POST" : "GET";
}

bool IsRedirect(int code) {
  return code == 301 || code == 302 || code == 303 || code == 307 ||
         code == 308;
}

bool BecomesGet(const HttpRequest& request, int code) {
  const std::string method = MethodOf(request);
  return (code == 303 && method != "HEAD") ||
         ((code == 301 || code == 302) && method == "POST");
}

HttpRequest Redirected(const HttpRequest& request, int code,
                       const HttpTarget& from, const HttpTarget& to) {
  const bool becomes_get = BecomesGet(request, code);
  HttpRequest next(to.url);
  next.set_method(becomes_get ? "GET" : MethodOf(request));
  if (!becomes_get && request.body().has_value()) {
    next.set_body(*request.body());
  }
  const bool keeps_secrets = from.HasSameOriginAs(to);
  for (const auto& [name, value] : request.headers()) {
    if (!keeps_secrets && IsSecret(name)) continue;
    // It was for one host.
    if (absl::EqualsIgnoreCase(name, "Host")) continue;
    if (becomes_get && IsOfBody(name)) continue;
    next.add_header(name, value);
  }
  return next;
}

}  // namespace internal
}  // namespace creche
