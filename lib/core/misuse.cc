// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/misuse.h"

#include <cstdio>
#include <cstdlib>

namespace creche::internal {

void Misuse(std::string_view rule) {
  std::fprintf(stderr, "creche: %.*s\n", static_cast<int>(rule.size()),
               rule.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace creche::internal
