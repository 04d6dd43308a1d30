// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/deadline.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace creche::internal {

Nanoseconds ToNanoseconds(absl::Duration duration) {
  const std::int64_t rounded = absl::ToInt64Nanoseconds(duration);
  if (rounded >= kFarFuture) [[unlikely]]
    return duration == absl::InfiniteDuration() ? kNever : kFarFuture;
  if (rounded <= kFarPast) [[unlikely]]
    return duration == -absl::InfiniteDuration() ? kLongAgo : kFarPast;
  const bool lost_a_fraction = absl::Nanoseconds(rounded) < duration;
  return lost_a_fraction ? rounded + 1 : rounded;
}

Nanoseconds ToNanoseconds(absl::Time time) {
  return ToNanoseconds(time - absl::UnixEpoch());
}

absl::Time FromNanoseconds(Nanoseconds nanoseconds) {
  if (nanoseconds == kNever) return absl::InfiniteFuture();
  if (nanoseconds == kLongAgo) return absl::InfinitePast();
  return absl::FromUnixNanos(nanoseconds);
}

}  // namespace creche::internal
