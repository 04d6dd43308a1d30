// SPDX-License-Identifier: Apache-2.0

#include "creche/core/sleep.h"

#include <utility>

#include "absl/time/time.h"
#include "creche/core/internal/deadline.h"
#include "lib/core/scheduler.h"

namespace creche {
namespace internal {

bool SleepAwaiter::SuspendIn(Frame leaf) {
  TaskRecord& task = *running.task;
  if (!task.is_cancelled() && TryComplete()) {
    task.Yield(leaf, /*cancellable=*/true);
  } else {
    task.WaitUnlessReady(leaf, *this);
  }
  return true;
}

const char* SleepAwaiter::wait_name() const {
  if (when_ == kNever) return "SleepForever";
  return is_relative_ ? "SleepFor" : "SleepUntil";
}

bool SleepAwaiter::TryComplete() const {
  if (when_ == kNever) return false;
  return when_ <= (is_relative_ ? 0 : ClockNow());
}

void SleepAwaiter::Enter(const WaitContext& context) {
  Entrant::Enter(context);
  is_waited_for_ = true;
  const Nanoseconds due =
      is_relative_ ? AddSaturating(ClockSoon(), when_) : when_;
  if (due != kNever) running.scheduler->deadlines().Add(*this, due);
}

void SleepAwaiter::Leave() {
  if (is_armed()) running.scheduler->deadlines().Remove(*this);
  is_waited_for_ = false;
}

void SleepAwaiter::Expire() {
  // What was due in the same tick may have ended this wait first.
  if (std::exchange(is_waited_for_, false)) Win();
}

}  // namespace internal

internal::SleepAwaiter SleepForFunction::operator()(
    absl::Duration duration) const {
  return internal::SleepAwaiter(internal::ToNanoseconds(duration),
                                /*is_relative=*/true);
}

internal::SleepAwaiter SleepUntil(absl::Time time) {
  return internal::SleepAwaiter(internal::ToNanoseconds(time),
                                /*is_relative=*/false);
}

internal::SleepAwaiter SleepForever() {
  return internal::SleepAwaiter(internal::kNever, /*is_relative=*/false);
}

}  // namespace creche
