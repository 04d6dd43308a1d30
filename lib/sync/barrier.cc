// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/barrier.h"

#include <cstddef>

#include "creche/core/internal/misuse.h"

namespace creche {

Barrier::Barrier(size_t parties) : parties_(parties) {
  if (parties == 0) {
    internal::Misuse("a Barrier for no tasks was made: it could never open");
  }
}

}  // namespace creche
