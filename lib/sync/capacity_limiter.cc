// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/capacity_limiter.h"

#include <cstddef>

#include "creche/core/internal/misuse.h"

namespace creche {

CapacityLimiter::~CapacityLimiter() {
  while (internal::TokenLeftBehind* token = left_behind_.front()) {
    token->Unlink();
    --borrowed_;
  }
  if (borrowed_ > 0) {
    internal::Misuse(
        "a CapacityLimiter was destroyed before all its tokens had come back");
  }
}

void CapacityLimiter::set_total(size_t total) {
  total_ = total;
  HandOut();
}

void CapacityLimiter::HandOut() {
  while (!waiters_.empty() && Borrow()) waiters_.Unpark(1);
}

}  // namespace creche
