// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/http_target.h"

#include <curl/curl.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"

namespace creche::internal {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

// Empty if there is no such part.
std::string Part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return "";
  std::string part(text);
  curl_free(text);
  return part;
}

// What was given may hold a password: errors do not repeat it.
absl::Status UrlError(absl::string_view what, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("HttpClient: ", what, ": ", why));
}

absl::StatusOr<HttpTarget> Parse(const std::string& text,
                                 absl::string_view what, unsigned flags) {
  if (text.find('\0') != std::string::npos) {
    return UrlError(what, "there is a NUL in it");
  }
  const Url url(curl_url());
  if (url == nullptr)
    return absl::ResourceExhaustedError("HttpClient: no memory");
  const CURLUcode code =
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags);
  if (code != CURLUE_OK) return UrlError(what, curl_url_strerror(code));
  HttpTarget target;
  target.url = text;
  target.scheme = Part(url, CURLUPART_SCHEME);
  target.host = Part(url, CURLUPART_HOST, CURLU_PUNYCODE);
  if (target.host.empty()) {
    return UrlError(what, "there is no host in it that is a name");
  }
  const std::string port = Part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target.port = static_cast<std::uint16_t>(std::atoi(port.c_str()));
  return target;
}

bool IsOneOf(absl::string_view text,
             std::initializer_list<absl::string_view> these) {
  for (const absl::string_view one : these) {
    if (absl::EqualsIgnoreCase(text, one)) return true;
  }
  return false;
}

}  // namespace

std::string HttpTarget::HostAndPort() const {
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<HttpTarget> ParseTarget(const std::string& url) {
  absl::StatusOr<HttpTarget> target =
      Parse(url, "the URL", CURLU_NON_SUPPORT_SCHEME);
  if (!target.ok()) return target;
  if (!IsOneOf(target->scheme, {"http", "https"})) {
    return UrlError("the URL",
                    absl::StrCat("its scheme is '", target->scheme,
                                 "': only http and https are spoken"));
  }
  if (target->port == 0) return UrlError("the URL", "port 0 cannot be reached");
  return target;
}

absl::StatusOr<HttpTarget> ParseProxy(const std::string& url) {
  absl::StatusOr<HttpTarget> proxy =
      Parse(url, "set_proxy()", CURLU_NON_SUPPORT_SCHEME);
  if (!proxy.ok()) return proxy;
  if (!IsOneOf(proxy->scheme, {"http", "https", "socks4a", "socks5h"})) {
    return UrlError("set_proxy()",
                    "http, https, socks4a and socks5h are spoken");
  }
  // Not that of the scheme: as libcurl has it, by tradition.
  const Url parsed(curl_url());
  curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(),
               CURLU_NON_SUPPORT_SCHEME);
  if (Part(parsed, CURLUPART_PORT).empty() && proxy->scheme != "https") {
    proxy->port = 1080;
  }
  return proxy;
}

Task<absl::Status> ResolveTarget(Resolver& resolver, HttpTarget& target) {
  if (SocketAddress::Parse(target.host, target.port).ok()) {
    co_return absl::OkStatus();
  }
  const std::string phase =
      absl::StrCat("HttpClient: ", target.HostAndPort(), ": resolve: ");
  const absl::StatusOr<std::vector<SocketAddress>> found =
      co_await resolver.Resolve(target.host, target.port);
  if (!found.ok()) {
    co_return absl::Status(found.status().code(),
                           absl::StrCat(phase, found.status().message()));
  }
  std::string addresses;
  for (const SocketAddress& address : *found) {
    if (!address.is_ip()) continue;
    absl::StrAppend(&addresses, addresses.empty() ? "" : ",", address.host());
  }
  if (addresses.empty()) {
    co_return absl::NotFoundError(absl::StrCat(phase, "it has no address"));
  }
  // '+': libcurl may forget it, but not while a fetch waits for a connection:
  // see CURLOPT_DNS_CACHE_TIMEOUT.
  target.addresses = absl::StrCat("+", target.HostAndPort(), ":", addresses);
  co_return absl::OkStatus();
}

}  // namespace creche::internal
