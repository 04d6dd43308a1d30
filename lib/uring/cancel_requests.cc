// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/cancel_requests.h"

#include <algorithm>
#include <cerrno>

#include "absl/time/time.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

void CancelRequests::Add(Operation& operation) {
  if (!operation.is_linked()) operations_.PushBack(&operation);
  pause_ = kFirstPause;
}

void CancelRequests::Answered(int result, Clock::time_point now) {
  if (result != -ENOENT && result != -EALREADY) return;
  if (operations_.empty() || is_to_ask_again_) return;
  is_to_ask_again_ = true;
  ask_again_at_ = now + absl::ToChronoNanoseconds(pause_);
  pause_ = std::min(2 * pause_, kLongestPause);
}

absl::Duration CancelRequests::TimeLeft(Clock::time_point now) const {
  if (!is_to_ask_again_) return absl::InfiniteDuration();
  return std::max(absl::FromChrono(ask_again_at_ - now), absl::Nanoseconds(1));
}

}  // namespace creche::internal
