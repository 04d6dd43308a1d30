// SPDX-License-Identifier: Apache-2.0
//
// HttpUrl: what an HTTP client must know of an http:// URL.

#ifndef EXAMPLES_HTTP_URL_H_
#define EXAMPLES_HTTP_URL_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace examples {

class HttpUrl {
 public:
  // Errors: kInvalidArgument: not an http:// URL, or one with blanks or control
  //   characters, which could pass for more of a request. kUnimplemented:
  //   https.
  static absl::StatusOr<HttpUrl> Parse(absl::string_view url) {
    for (const char c : url) {
      if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
        return Invalid("a blank or a control character", url);
      }
    }
    if (absl::StartsWithIgnoreCase(url, "https://")) {
      return absl::UnimplementedError(absl::StrCat("no TLS: ", url));
    }
    absl::string_view rest = url.substr(0, url.find('#'));
    if (!absl::StartsWithIgnoreCase(rest, "http://")) {
      return Invalid("no http://", url);
    }
    rest.remove_prefix(7);
    HttpUrl parsed;
    const size_t end = rest.find_first_of("/?");
    parsed.authority_ = std::string(rest.substr(0, end));
    rest.remove_prefix(parsed.authority_.size());
    parsed.target_ = absl::StrCat(absl::StartsWith(rest, "/") ? "" : "/", rest);
    if (!parsed.SplitAuthority()) return Invalid("no host or port", url);
    return parsed;
  }

  // Where a redirect with this `location` leads.
  absl::StatusOr<HttpUrl> Resolve(absl::string_view location) const {
    const size_t colon = location.find(':');
    if (colon != absl::string_view::npos &&
        colon < location.find_first_of("/?#")) {
      return Parse(location);
    }
    if (absl::StartsWith(location, "//")) {
      return Parse(absl::StrCat("http:", location));
    }
    const std::string origin = absl::StrCat("http://", authority_);
    if (absl::StartsWith(location, "/")) {
      return Parse(absl::StrCat(origin, location));
    }
    absl::string_view path = target_;
    path = path.substr(0, path.find('?'));
    path = path.substr(0, path.rfind('/') + 1);
    return Parse(absl::StrCat(origin, path, location));
  }

  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  // "host" or "host:port", as a request's Host header has it.
  const std::string& authority() const { return authority_; }
  // Path and query.
  const std::string& target() const { return target_; }
  std::string ToString() const {
    return absl::StrCat("http://", authority_, target_);
  }

 private:
  static constexpr absl::string_view kDigits = "0123456789";

  HttpUrl() = default;

  static absl::Status Invalid(absl::string_view why, absl::string_view url) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a URL (", why, "): ", url));
  }

  bool SplitAuthority() {
    absl::string_view rest = authority_;
    const size_t colon = rest.rfind(':');
    const bool is_v6 = absl::StartsWith(rest, "[");
    if (colon != absl::string_view::npos &&
        (!is_v6 || rest[colon - 1] == ']')) {
      const absl::string_view digits = rest.substr(colon + 1);
      std::uint32_t port = 0;
      if (digits.find_first_not_of(kDigits) != absl::string_view::npos ||
          !absl::SimpleAtoi(digits, &port) || port < 1 || port > 65535) {
        return false;
      }
      port_ = static_cast<std::uint16_t>(port);
      rest = rest.substr(0, colon);
    }
    if (is_v6 &&
        !(absl::ConsumePrefix(&rest, "[") && absl::ConsumeSuffix(&rest, "]"))) {
      return false;
    }
    host_ = std::string(rest);
    // Neither a user's name nor anything that could end the host elsewhere.
    return !host_.empty() &&
           std::all_of(host_.begin(), host_.end(),
                       [&](char c) { return IsInHost(c, is_v6); });
  }

  static bool IsInHost(char c, bool is_v6) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
           (is_v6 ? c == ':' || c == '%' : c == '-' || c == '_');
  }

  std::string host_;
  std::uint16_t port_ = 80;
  std::string authority_;
  std::string target_;
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_URL_H_
