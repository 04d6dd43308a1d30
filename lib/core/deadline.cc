// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/deadline.h"

#include <cstdint>

#include "absl/time/time.h"

namespace creche::internal {
namespace {

Nanoseconds RoundUp(absl::Duration duration) {
  const std::int64_t rounded = absl::ToInt64Nanoseconds(duration);
  const bool lost_a_fraction =
      rounded != kNever && absl::Nanoseconds(rounded) < duration;
  return lost_a_fraction ? rounded + 1 : rounded;
}

}  // namespace

Nanoseconds ToNanoseconds(absl::Time time) {
  return RoundUp(time - absl::UnixEpoch());
}

absl::Time FromNanoseconds(Nanoseconds nanoseconds) {
  if (nanoseconds == kNever) return absl::InfiniteFuture();
  if (nanoseconds == kLongAgo) return absl::InfinitePast();
  return absl::FromUnixNanos(nanoseconds);
}

Nanoseconds Later(Nanoseconds start, absl::Duration duration) {
  const Nanoseconds rounded = RoundUp(duration);
  if (rounded == kNever || rounded == kLongAgo) return rounded;
  Nanoseconds sum;
  if (__builtin_add_overflow(start, rounded, &sum)) {
    return rounded < 0 ? kLongAgo : kNever;
  }
  return sum;
}

}  // namespace creche::internal
