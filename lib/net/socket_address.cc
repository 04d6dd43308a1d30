// SPDX-License-Identifier: Apache-2.0

#include "creche/net/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/misuse.h"
#include "lib/net/parse_decimal.h"

namespace creche {
namespace {

// Where the path begins in a Unix-domain address.
constexpr socklen_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr size_t kPathSize = sizeof(sockaddr_un::sun_path);

// For messages: whatever a caller passes, bounded and printable.
std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 100;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kShown)),
                      text.size() > kShown ? "\"..." : "\"");
}

bool ParseScope(absl::string_view scope, std::uint32_t& id) {
  if (scope.empty()) return false;
  if (internal::ParseDecimal(scope, id)) return true;
  id = if_nametoindex(std::string(scope).c_str());
  return id != 0;
}

}  // namespace

SocketAddress::SocketAddress() : size_(sizeof(sa_family_t)) {
  std::memset(&unix_, 0, sizeof(unix_));
}

absl::StatusOr<SocketAddress> SocketAddress::Parse(absl::string_view host,
                                                   std::uint16_t port) {
  SocketAddress address;
  absl::string_view digits = host;
  if (digits.size() >= 2 && digits.front() == '[' && digits.back() == ']') {
    digits = digits.substr(1, digits.size() - 2);
  }
  // inet_pton() stops at a NUL, so what comes after one would be ignored.
  const bool has_nul = digits.find('\0') != absl::string_view::npos;
  const bool has_brackets = digits.size() != host.size();
  if (!has_nul && !has_brackets &&
      inet_pton(AF_INET, std::string(digits).c_str(), &address.v4_.sin_addr) ==
          1) {
    address.v4_.sin_family = AF_INET;
    address.v4_.sin_port = htons(port);
    address.size_ = sizeof(sockaddr_in);
    return address;
  }
  const size_t percent = digits.find('%');
  std::uint32_t scope = 0;
  const bool scope_is_good = percent == absl::string_view::npos ||
                             ParseScope(digits.substr(percent + 1), scope);
  if (!has_nul && scope_is_good &&
      inet_pton(AF_INET6, std::string(digits.substr(0, percent)).c_str(),
                &address.v6_.sin6_addr) == 1) {
    address.v6_.sin6_family = AF_INET6;
    address.v6_.sin6_port = htons(port);
    address.v6_.sin6_scope_id = scope;
    address.size_ = sizeof(sockaddr_in6);
    return address;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(host), " is not an IPv4 or IPv6 address in digits"));
}

absl::StatusOr<SocketAddress> SocketAddress::Unix(absl::string_view path) {
  // The kernel wants a NUL at the end.
  if (path.empty() || path.size() >= kPathSize ||
      path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("a Unix-domain socket cannot have the path ", Quoted(path),
                     ": it must "
                     "have 1 to ",
                     kPathSize - 1, " bytes, and no NUL"));
  }
  SocketAddress address;
  address.unix_.sun_family = AF_UNIX;
  std::memcpy(address.unix_.sun_path, path.data(), path.size());
  address.size_ = static_cast<socklen_t>(kPathOffset + path.size() + 1);
  return address;
}

absl::StatusOr<SocketAddress> SocketAddress::UnixAbstract(
    absl::string_view name) {
  if (name.empty() || name.size() >= kPathSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("an abstract socket cannot have the name ", Quoted(name),
                     ": it must "
                     "have 1 to ",
                     kPathSize - 1, " bytes"));
  }
  SocketAddress address;
  address.unix_.sun_family = AF_UNIX;
  std::memcpy(address.unix_.sun_path + 1, name.data(), name.size());
  address.size_ = static_cast<socklen_t>(kPathOffset + 1 + name.size());
  return address;
}

SocketAddress SocketAddress::FromKernel(const sockaddr* address,
                                        socklen_t size) {
  SocketAddress copy;
  if (size < sizeof(sa_family_t)) return copy;
  copy.size_ = std::min<socklen_t>(size, sizeof(copy.unix_));
  std::memcpy(&copy.unix_, address, copy.size_);
  return copy.is_v4_mapped() ? copy.Unmapped() : copy;
}

bool SocketAddress::is_v4_mapped() const {
  return family() == AF_INET6 && size_ >= sizeof(v6_) &&
         IN6_IS_ADDR_V4MAPPED(&v6_.sin6_addr);
}

SocketAddress SocketAddress::Unmapped() const {
  constexpr size_t kPrefix = 12;
  SocketAddress v4;
  v4.v4_.sin_family = AF_INET;
  v4.v4_.sin_port = v6_.sin6_port;
  std::memcpy(&v4.v4_.sin_addr, v6_.sin6_addr.s6_addr + kPrefix,
              sizeof(v4.v4_.sin_addr));
  v4.size_ = sizeof(v4.v4_);
  return v4;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(v4_.sin_port);
  if (family() == AF_INET6) return ntohs(v6_.sin6_port);
  return 0;
}

void SocketAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET) {
    v4_.sin_port = htons(port);
  } else if (family() == AF_INET6) {
    v6_.sin6_port = htons(port);
  } else {
    internal::Misuse("SocketAddress::set_port(): not an IP address");
  }
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  switch (family()) {
    case AF_INET:
      return inet_ntop(AF_INET, &v4_.sin_addr, text, sizeof(text));
    case AF_INET6: {
      std::string host =
          inet_ntop(AF_INET6, &v6_.sin6_addr, text, sizeof(text));
      if (v6_.sin6_scope_id != 0)
        absl::StrAppend(&host, "%", v6_.sin6_scope_id);
      return host;
    }
    case AF_UNIX: {
      if (size_ <= kPathOffset) return "(unnamed)";
      const size_t size = size_ - kPathOffset;
      if (unix_.sun_path[0] == '\0') {
        return absl::StrCat("@", absl::CHexEscape(absl::string_view(
                                     unix_.sun_path + 1, size - 1)));
      }
      return std::string(unix_.sun_path, strnlen(unix_.sun_path, size));
    }
    default:
      return "(no address)";
  }
}

std::string SocketAddress::ToString() const {
  if (family() == AF_INET) return absl::StrCat(host(), ":", port());
  if (family() == AF_INET6) return absl::StrCat("[", host(), "]:", port());
  return host();
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  return a.size_ == b.size_ && std::memcmp(&a.unix_, &b.unix_, a.size_) == 0;
}

}  // namespace creche
