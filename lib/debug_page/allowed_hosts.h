// SPDX-License-Identifier: Apache-2.0
//
// AllowedHosts: the names by which a browser may ask for the debug page.

#ifndef CRECHE_LIB_DEBUG_PAGE_ALLOWED_HOSTS_H_
#define CRECHE_LIB_DEBUG_PAGE_ALLOWED_HOSTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "creche/net/socket_address.h"

namespace creche::internal {

// 127.0.0.0/8, ::1, and ::ffff:127.0.0.0/104.
bool IsLoopback(const SocketAddress& address);

// A page of another site can make its own name resolve to 127.0.0.1, and then
// read what it gets from there (DNS rebinding). Its name is in the Host header,
// which it cannot change: so names are refused that are not known. An address
// in digits is nothing that can be made to resolve.
class AllowedHosts {
 public:
  // localhost, and loopback addresses.
  AllowedHosts() = default;
  // These, too, and all addresses.
  explicit AllowedHosts(std::vector<std::string> names)
      : names_(std::move(names)), any_address_(true) {}

  // `host` is what the Host header says, with or without a port.
  bool Contains(absl::string_view host) const;

 private:
  std::vector<std::string> names_;
  bool any_address_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_PAGE_ALLOWED_HOSTS_H_
