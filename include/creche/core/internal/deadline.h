// SPDX-License-Identifier: Apache-2.0
//
// Deadline: an entry of the run's deadline queue.

#ifndef CRECHE_CORE_INTERNAL_DEADLINE_H_
#define CRECHE_CORE_INTERNAL_DEADLINE_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace creche::internal {

// Deadlines are kept as nanoseconds since the Unix epoch on the run's clock.
using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();
inline constexpr Nanoseconds kLongAgo = std::numeric_limits<Nanoseconds>::min();

// What is finite stays so: the points in time before and after all that can be
// told apart (the years 1677 to 2262).
inline constexpr Nanoseconds kFarFuture = kNever - 1;
inline constexpr Nanoseconds kFarPast = kLongAgo + 1;

// Rounds up, so that nothing is ever early. What is infinite gives kNever or
// kLongAgo; all else saturates at kFarFuture and kFarPast.
Nanoseconds ToNanoseconds(absl::Time time);
Nanoseconds ToNanoseconds(absl::Duration duration);
absl::Time FromNanoseconds(Nanoseconds nanoseconds);

// `duration` after `start`; saturates at kFarFuture and kFarPast.
inline Nanoseconds AddSaturating(Nanoseconds start, Nanoseconds duration) {
  if (duration == kNever || duration == kLongAgo) return duration;
  Nanoseconds sum = 0;
  if (__builtin_add_overflow(start, duration, &sum)) {
    return duration < 0 ? kFarPast : kFarFuture;
  }
  return std::clamp(sum, kFarPast, kFarFuture);
}

// Base of what waits for a point in time. It is in the queue while armed.
class Deadline {
 public:
  // Expired cancel scopes are looked at before expired sleeps, so that a
  // timeout beats a sleep inside it that is due in the same tick.
  enum class Kind : std::uint8_t { kScope, kSleep };

  explicit Deadline(Kind kind) : kind_(kind) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  Kind kind() const { return kind_; }
  bool is_armed() const { return index_ != kNotQueued; }

 private:
  friend class DeadlineQueue;
  static constexpr std::uint32_t kNotQueued = ~std::uint32_t{0};

  std::uint32_t index_ = kNotQueued;  // Where in the queue it is.
  std::uint32_t sequence_ = 0;        // When it came, among equals.
  const Kind kind_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_DEADLINE_H_
