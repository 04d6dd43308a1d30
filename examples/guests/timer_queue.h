// SPDX-License-Identifier: Apache-2.0
//
// TimerQueue: the callbacks of HostLoop::CallAt(), for loops of which one timer
// is set to the first of them. It can be set again before each callback, so
// that a callback that runs the loop itself holds up no other.

#ifndef EXAMPLES_GUESTS_TIMER_QUEUE_H_
#define EXAMPLES_GUESTS_TIMER_QUEUE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace examples {

class TimerQueue {
 public:
  using Clock = std::chrono::steady_clock;

  // From here on by the steady clock: whoever sets the wall clock back would
  // hold up the callbacks.
  void Add(absl::Time time, absl::AnyInvocable<void()> f) {
    const absl::Duration wait =
        std::clamp(time - absl::Now(), absl::ZeroDuration(), absl::Hours(1e6));
    timers_.emplace(Clock::now() + absl::ToChronoNanoseconds(wait),
                    std::move(f));
  }

  bool empty() const { return timers_.empty(); }

  // When the first is due. Requires: !empty().
  Clock::time_point next() const { return timers_.begin()->first; }

  // The same in milliseconds from now, rounded up, within `min` and `max`. At
  // `max` there may be no callback that is due.
  std::int64_t MillisecondsToNext(std::int64_t min, std::int64_t max) const {
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(next() - Clock::now());
    return std::clamp<std::int64_t>(wait.count(), min, max);
  }

  // The first callback that was due at `now`, if there is one.
  std::optional<absl::AnyInvocable<void()>> TakeDue(Clock::time_point now) {
    if (timers_.empty() || next() > now) return std::nullopt;
    absl::AnyInvocable<void()> f = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    return f;
  }

 private:
  std::multimap<Clock::time_point, absl::AnyInvocable<void()>> timers_;
};

}  // namespace examples

#endif  // EXAMPLES_GUESTS_TIMER_QUEUE_H_
