// SPDX-License-Identifier: Apache-2.0
//
// KnowsLocalhost: whether this machine can look up "localhost". A bare root of
// Debian, which has no /etc/hosts, cannot.

#ifndef CRECHE_TESTS_SUPPORT_LOCALHOST_H_
#define CRECHE_TESTS_SUPPORT_LOCALHOST_H_

#include <netdb.h>

namespace creche {

inline bool KnowsLocalhost() {
  addrinfo* addresses = nullptr;
  if (getaddrinfo("localhost", nullptr, nullptr, &addresses) != 0) return false;
  freeaddrinfo(addresses);
  return true;
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_LOCALHOST_H_
