// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/socket.h"

#include <sys/socket.h>

#include <string>

namespace creche::internal {

std::string Socket::Label() const {
  const bool has_name = name_.family() != AF_UNSPEC;
  return has_name ? name_.ToString() : SharedDescriptor::Label();
}

}  // namespace creche::internal
