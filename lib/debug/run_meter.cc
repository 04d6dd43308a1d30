// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/run_meter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/running.h"
#include "creche/core/statistics.h"

namespace creche {

void DurationHistogram::Add(absl::Duration duration) {
  const std::int64_t length =
      std::max<std::int64_t>(absl::ToInt64Nanoseconds(duration), 0);
  ++buckets_[BucketOf(static_cast<std::uint64_t>(length))];
  ++count_;
  longest_ = std::max(longest_, length);
}

absl::Duration DurationHistogram::Percentile(double part) const {
  const double wanted = part * static_cast<double>(count_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen > 0 && static_cast<double>(seen) >= wanted) {
      return std::min(absl::Nanoseconds(EndOf(bucket)), longest());
    }
  }
  return longest();
}

// Lengths below kParts have a bucket each. Of the others the highest bit
// chooses the power of two, and the next three bits the part of it.
std::size_t DurationHistogram::BucketOf(std::uint64_t nanoseconds) {
  if (nanoseconds < kParts) return nanoseconds;
  const auto bits_below =
      static_cast<int>(std::bit_width(nanoseconds) - std::bit_width(kParts));
  return static_cast<std::size_t>(bits_below) * kParts +
         (nanoseconds >> bits_below);
}

// The last length that is in the bucket.
double DurationHistogram::EndOf(std::size_t bucket) {
  if (bucket < 2 * kParts) return static_cast<double>(bucket);
  const auto bits_below = static_cast<int>(bucket / kParts) - 1;
  const std::size_t top = kParts + bucket % kParts;
  return std::ldexp(static_cast<double>(top + 1), bits_below) - 1;
}

MeteredStatistics RunMeter::Snapshot() const {
  MeteredStatistics result;
  if (internal::running.scheduler != nullptr) {
    static_cast<RunStatistics&>(result) = statistics();
  }
  result.steps = steps_.count();
  result.longest_step = steps_.longest();
  result.queue_delay_p50 = queue_delays_.Percentile(0.5);
  result.queue_delay_p99 = queue_delays_.Percentile(0.99);
  return result;
}

void RunMeter::Reset() {
  steps_ = {};
  queue_delays_ = {};
}

void RunMeter::TaskScheduled(const TaskId& task) {
  runnable_since_[task.id()] = Now();
}

void RunMeter::StepBegins(const TaskId& task) {
  step_begin_ = Now();
  queue_delays_.Add(step_begin_ - runnable_since_[task.id()]);
}

void RunMeter::StepEnds(const TaskId& /*task*/) {
  steps_.Add(Now() - step_begin_);
}

void RunMeter::TaskExited(const TaskId& task) {
  StepEnds(task);
  runnable_since_.erase(task.id());
}

}  // namespace creche
