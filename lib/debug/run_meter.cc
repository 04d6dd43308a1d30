// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/run_meter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

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

// The first length that is in the bucket.
double DurationHistogram::BeginOf(std::size_t bucket) {
  if (bucket < 2 * kParts) return static_cast<double>(bucket);
  const auto bits_below = static_cast<int>(bucket / kParts) - 1;
  const std::size_t top = kParts + bucket % kParts;
  return std::ldexp(static_cast<double>(top), bits_below);
}

std::vector<DurationHistogram::Bucket> DurationHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (buckets_[bucket] == 0) continue;
    buckets.push_back(Bucket{absl::Nanoseconds(BeginOf(bucket)),
                             absl::Nanoseconds(EndOf(bucket)),
                             buckets_[bucket]});
  }
  return buckets;
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

// A meter that is added in the middle of a run (ServeDebugPage() does that)
// has not seen when this task became runnable, or this step begin.
void RunMeter::StepBegins(const TaskId& task) {
  step_begin_ = Now();
  const auto runnable_since = runnable_since_.find(task.id());
  if (runnable_since == runnable_since_.end()) return;
  queue_delays_.Add(*step_begin_ - runnable_since->second);
}

void RunMeter::StepEnds(const TaskId& /*task*/) {
  if (!step_begin_.has_value()) return;
  steps_.Add(Now() - *step_begin_);
  step_begin_.reset();
}

void RunMeter::TaskExited(const TaskId& task) {
  StepEnds(task);
  runnable_since_.erase(task.id());
}

}  // namespace creche
