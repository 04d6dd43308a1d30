// SPDX-License-Identifier: Apache-2.0

#include "lib/debug_page/allowed_hosts.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "creche/net/socket_address.h"

namespace creche::internal {
namespace {

// The host of "host", "host:80", "[::1]" and "[::1]:80".
absl::string_view WithoutPort(absl::string_view host) {
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  const bool has_port = colon != absl::string_view::npos &&
                        (bracket == absl::string_view::npos || colon > bracket);
  return has_port ? host.substr(0, colon) : host;
}

}  // namespace

bool IsLoopback(const SocketAddress& address) {
  constexpr unsigned char kNet = 127;
  if (address.family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address.data(), sizeof(v4));
    return ntohl(v4.sin_addr.s_addr) >> 24 == kNet;
  }
  if (address.family() == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address.data(), sizeof(v6));
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) &&
            v6.sin6_addr.s6_addr[12] == kNet);
  }
  return false;
}

bool AllowedHosts::Contains(absl::string_view host) const {
  const absl::string_view name = WithoutPort(host);
  const auto is_name = [&](const std::string& allowed) {
    return absl::EqualsIgnoreCase(name, allowed);
  };
  if (is_name("localhost")) return true;
  if (std::any_of(names_.begin(), names_.end(), is_name)) return true;
  const absl::StatusOr<SocketAddress> address = SocketAddress::Parse(name, 0);
  return address.ok() && (any_address_ || IsLoopback(*address));
}

}  // namespace creche::internal
