// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/http_origins.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "lib/curl/http_target.h"

namespace creche::internal {
namespace {

// libcurl refuses longer ones, at some size.
constexpr std::size_t kUsualLength = 4096;

// Part of a letter in UTF-8.
bool IsBeyondAscii(char c) {
  return !absl::ascii_isascii(static_cast<unsigned char>(c));
}

bool IsOfPlainHost(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
         c == '-' || c == ':' || c == '[' || c == ']' || IsBeyondAscii(c);
}

bool IsVisible(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) || IsBeyondAscii(c);
}

// What comes before the path (RFC 3986, 3.2). Empty if there is more in it than
// letters, digits and the signs of addresses and ports, or if there is a blank
// or a control character after it: then libcurl is to judge all of `url`.
absl::string_view PlainOrigin(absl::string_view url) {
  if (url.size() > kUsualLength) return {};
  const std::size_t colon = url.find(':');
  if (colon == absl::string_view::npos) return {};
  if (url.substr(colon, 3) != "://") return {};
  const std::size_t host = colon + 3;
  const std::size_t path = std::min(url.find_first_of("/?#", host), url.size());
  const absl::string_view authority = url.substr(host, path - host);
  if (authority.empty()) return {};  // libcurl takes "http:///a", too.
  if (!std::all_of(authority.begin(), authority.end(), IsOfPlainHost)) {
    return {};
  }
  if (!std::all_of(url.begin() + path, url.end(), IsVisible)) return {};
  return url.substr(0, path);
}

}  // namespace

absl::StatusOr<HttpTarget> HttpOrigins::ParseTarget(const std::string& url) {
  const absl::string_view origin = PlainOrigin(url);
  if (origin.empty()) return internal::ParseTarget(url);
  if (const auto it = known_.find(origin); it != known_.end()) {
    HttpTarget target = it->second;
    target.url = url;
    return target;
  }
  absl::StatusOr<HttpTarget> target = internal::ParseTarget(url);
  if (target.ok()) {
    if (known_.size() >= kMost) known_.clear();
    HttpTarget& known = known_[std::string(origin)];
    known = *target;
    known.url.clear();
  }
  return target;
}

}  // namespace creche::internal
