// SPDX-License-Identifier: Apache-2.0
//
// RunMeter: how long tasks run, and how long they wait for their turn.
//
//   creche::RunMeter meter;
//   absl::Status status = creche::Run({.instruments = {&meter}}, Main);
//
//   // In a task of the run:
//   const creche::MeteredStatistics now = meter.Snapshot();
//   if (now.queue_delay_p99 > absl::Milliseconds(10)) RefuseNewClients();

#ifndef CRECHE_DEBUG_RUN_METER_H_
#define CRECHE_DEBUG_RUN_METER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/instrument.h"
#include "creche/core/statistics.h"

namespace creche {

// How many durations there were of which length, in bounded memory: lengths are
// told apart to an eighth.
class DurationHistogram {
 public:
  // Counts one; a negative one as zero.
  void Add(absl::Duration duration);

  // How many there were.
  std::uint64_t count() const { return count_; }
  // The longest; zero if there was none.
  absl::Duration longest() const { return absl::Nanoseconds(longest_); }
  // A length that this part of all durations does not exceed, at most an eighth
  // too long. Zero if there was none. Range of `part`: 0 to 1.
  absl::Duration Percentile(double part) const;

  // Durations of about the same length.
  struct Bucket {
    absl::Duration shortest;  // That counts here.
    absl::Duration longest;   // That counts here.
    std::uint64_t count = 0;  // How many there were.
  };
  // All that were counted, by length, for whoever draws them or adds up those
  // of several runs. Lengths that did not occur have no bucket.
  std::vector<Bucket> Buckets() const;

 private:
  // Each power of two nanoseconds is divided into this many buckets.
  static constexpr std::size_t kParts = 8;

  static std::size_t BucketOf(std::uint64_t nanoseconds);
  static double BeginOf(std::size_t bucket);
  static double EndOf(std::size_t bucket) { return BeginOf(bucket + 1) - 1; }

  std::array<std::uint64_t, 64 * kParts> buckets_ = {};
  std::uint64_t count_ = 0;
  std::int64_t longest_ = 0;
};

// What a run is doing just now, and what its tasks did since the meter's start
// or its last Reset().
struct MeteredStatistics : RunStatistics {
  std::uint64_t steps = 0;  // From one wait of a task to its next.
  absl::Duration longest_step;
  // How long half of the steps, and 99 of 100, had to wait for their turn.
  absl::Duration queue_delay_p50;
  absl::Duration queue_delay_p99;
};

// Measures one run at a time, by the run's clock. Its memory grows with the
// tasks that are alive, not with time.
class RunMeter : public Instrument {
 public:
  // On the run's thread. Outside of a run the part of RunStatistics is empty.
  MeteredStatistics Snapshot() const;
  // Forgets what has been measured. On the run's thread.
  void Reset();

  // The lengths of the steps that have ended.
  const DurationHistogram& steps() const { return steps_; }
  // How long each step waited, from when its task became runnable.
  const DurationHistogram& queue_delays() const { return queue_delays_; }

  // Called by the run.
  void BeforeRun() override { runnable_since_.clear(); }
  // Called by the run.
  void TaskScheduled(const TaskId& task) override;
  // Called by the run.
  void StepBegins(const TaskId& task) override;
  // Called by the run.
  void StepEnds(const TaskId& task) override;
  // Called by the run.
  void TaskExited(const TaskId& task) override;

 private:
  DurationHistogram steps_;
  DurationHistogram queue_delays_;
  // Of each task that is alive, by TaskId::id(): when it last became runnable.
  std::unordered_map<const void*, absl::Time> runnable_since_;
  std::optional<absl::Time> step_begin_;  // While there is a step.
};

}  // namespace creche

#endif  // CRECHE_DEBUG_RUN_METER_H_
