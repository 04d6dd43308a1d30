// SPDX-License-Identifier: Apache-2.0
//
// UniqueAbstractAddress: an address for a Unix socket of one test. A process
// number would not do: tests run side by side in namespaces that count
// processes from 1 each, but share the sockets.

#ifndef CRECHE_TESTS_SUPPORT_ABSTRACT_ADDRESS_H_
#define CRECHE_TESTS_SUPPORT_ABSTRACT_ADDRESS_H_

#include <random>

#include "absl/strings/str_cat.h"
#include "creche/net/socket_address.h"

namespace creche {

inline SocketAddress UniqueAbstractAddress() {
  std::random_device random;
  return SocketAddress::UnixAbstract(
             absl::StrCat("creche-", absl::Hex(random()), absl::Hex(random())))
      .value();
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_ABSTRACT_ADDRESS_H_
