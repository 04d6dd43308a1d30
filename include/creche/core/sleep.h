// SPDX-License-Identifier: Apache-2.0
//
// SleepFor, SleepUntil, SleepForever.
//
//   co_await creche::SleepFor(absl::Milliseconds(100));

#ifndef CRECHE_CORE_SLEEP_H_
#define CRECHE_CORE_SLEEP_H_

#include <coroutine>

#include "absl/time/time.h"
#include "creche/core/internal/contest.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/task_record.h"

namespace creche {
namespace internal {

class [[nodiscard]] SleepAwaiter : public Deadline {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;
  using CrecheSelectable = void;

  // A relative `when` counts from the co_await.
  SleepAwaiter(Nanoseconds when, bool is_relative)
      : Deadline(Kind::kSleep), when_(when), is_relative_(is_relative) {}
  SleepAwaiter(SleepAwaiter&& other) noexcept
      : SleepAwaiter(other.when_, other.is_relative_) {}
  ~SleepAwaiter() = default;

  bool await_ready() const { return false; }
  bool SuspendIn(Frame leaf);
  void await_resume() const {}

  void Expire();  // The time has come.

  // The protocol of Select(); see core/parking_operation.h.
  bool TryComplete() const;
  void Enter(TaskRecord& task, Contest* contest);
  void Leave();

 private:
  friend class Scheduler;

  static Abort CallAbort(void* self);

  const Nanoseconds when_;
  const bool is_relative_;
  SleepAwaiter* next_due_ = nullptr;  // Of those that are due in one tick.
  TaskRecord* task_ = nullptr;
  Contest* contest_ = nullptr;
};

}  // namespace internal

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
};
inline constexpr SleepForFunction SleepFor;  // See SleepForFunction.

// Suspends until `time` on the run's clock. If that has passed, a Checkpoint().
// What is after the year 2262, here and elsewhere, counts as its last moment
// that a clock of nanoseconds has; only absl::InfiniteFuture() never comes.
// Cancellation: safe.
internal::SleepAwaiter SleepUntil(absl::Time time);

// Suspends until cancelled.
// Cancellation: safe.
internal::SleepAwaiter SleepForever();

}  // namespace creche

#endif  // CRECHE_CORE_SLEEP_H_
