// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/semaphore.h"

#include <cstddef>

#include "creche/core/internal/misuse.h"

namespace creche {

Semaphore::Semaphore(size_t initial, size_t max)
    : available_(initial), max_(max) {
  if (initial > max) {
    internal::Misuse("a Semaphore was given more initial permits than its max");
  }
}

void Semaphore::Release(size_t n) {
  if (!waiters_.empty()) n -= waiters_.Unpark(n);
  if (n > max_ - available_) {
    internal::Misuse(
        "Semaphore::Release() would make more permits than the semaphore's "
        "max: something was released twice");
  }
  available_ += n;
}

}  // namespace creche
