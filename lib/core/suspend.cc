// SPDX-License-Identifier: Apache-2.0

#include "creche/core/suspend.h"

#include <utility>

#include "creche/core/internal/misuse.h"

namespace creche {

internal::TaskRecord& Waker::Take() {
  if (task_ == nullptr) {
    internal::Misuse(
        "a Waker was used that is empty: it is used once, and must not have "
        "been moved from");
  }
  return *std::exchange(task_, nullptr);
}

}  // namespace creche
