// SPDX-License-Identifier: Apache-2.0
//
// HttpTarget: where a URL leads to.

#ifndef CRECHE_LIB_CURL_HTTP_TARGET_H_
#define CRECHE_LIB_CURL_HTTP_TARGET_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/net/resolve.h"

namespace creche::internal {

struct HttpTarget {
  std::string url;
  std::string scheme;
  std::string host;  // As libcurl asks for it; IPv6 in brackets.
  std::uint16_t port = 0;
  // For CURLOPT_RESOLVE; empty if libcurl needs no resolver.
  std::string addresses;

  bool HasSameOriginAs(const HttpTarget& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
  // "example.org:443".
  std::string HostAndPort() const;
};

// Errors: kInvalidArgument: not a URL, or neither http nor https.
absl::StatusOr<HttpTarget> ParseTarget(const std::string& url);
absl::StatusOr<HttpTarget> ParseProxy(const std::string& url);

// Sets target.addresses.
// Cancellation: safe.
// Errors: those of the resolver, with the host, the port and the phase.
Task<absl::Status> ResolveTarget(Resolver& resolver, HttpTarget& target);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_HTTP_TARGET_H_
