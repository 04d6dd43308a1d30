// SPDX-License-Identifier: Apache-2.0
//
// SleepFor, SleepUntil, SleepForever.
//
//   co_await creche::SleepFor(absl::Milliseconds(100));

#ifndef CRECHE_CORE_SLEEP_H_
#define CRECHE_CORE_SLEEP_H_

#include "absl/time/time.h"
#include "creche/core/internal/sleep_awaiter.h"
#include "creche/core/internal/time_argument.h"

namespace creche {

// SleepFor(duration) suspends for at least `duration`, counted from the
// co_await, on the run's clock. If that is not positive, it is a Checkpoint();
// if it is infinite, SleepForever().
// Cancellation: safe.
//
// (An object, so that SleepFor(absl::Seconds(1)) never means absl::SleepFor,
// which would block the thread.)
struct SleepForFunction {
  // What SleepFor(duration) calls.
  internal::SleepAwaiter operator()(absl::Duration duration) const;
  // Says what to write instead of a number, or a duration of std::chrono.
  template <internal::IsNoDuration T>
  auto operator()(const T&) const {
    internal::RefuseDuration<T>();
  }
};
inline constexpr SleepForFunction SleepFor;  // See SleepForFunction.

// Suspends until `time` on the run's clock. If that has passed, a Checkpoint().
// What is after the year 2262, here and elsewhere, counts as its last moment
// that a clock of nanoseconds has; only absl::InfiniteFuture() never comes.
// Cancellation: safe.
internal::SleepAwaiter SleepUntil(absl::Time time);
template <internal::IsNoTime T>
auto SleepUntil(const T&) {  // Says what to write instead.
  internal::RefuseTime<T>();
}

// Suspends until cancelled.
// Cancellation: safe.
internal::SleepAwaiter SleepForever();

}  // namespace creche

#endif  // CRECHE_CORE_SLEEP_H_
