// SPDX-License-Identifier: Apache-2.0

#include "creche/core/sleep.h"

#include "absl/time/time.h"
#include "creche/internal/deadline.h"
#include "lib/core/scheduler.h"

namespace creche {
namespace internal {

void SleepAwaiter::Suspend(const Frame& leaf) {
  task_ = running.task;
  if (task_->is_cancelled()) {
    task_->Stop(leaf);
    return;
  }
  if (when_ == kNever) {
    task_->Wait(leaf, &CallAbort, this, "SleepForever");
    return;
  }
  const Nanoseconds now = ClockNow();
  const Nanoseconds when =
      is_relative_ ? Later(now, absl::Nanoseconds(when_)) : when_;
  if (when <= now) {
    task_->Yield(leaf, /*cancellable=*/true);
    return;
  }
  if (when != kNever) running.scheduler->deadlines().Add(*this, when);
  task_->Wait(leaf, &CallAbort, this, is_relative_ ? "SleepFor" : "SleepUntil");
}

Abort SleepAwaiter::CallAbort(void* self) {
  auto* sleep = static_cast<SleepAwaiter*>(self);
  if (sleep->is_armed()) running.scheduler->deadlines().Remove(*sleep);
  sleep->task_ = nullptr;
  return Abort::kDone;
}

void SleepAwaiter::Expire() {
  // A timeout that was due in the same tick may have come first.
  if (task_ != nullptr) task_->Wake();
}

}  // namespace internal

internal::SleepAwaiter SleepForFunction::operator()(
    absl::Duration duration) const {
  return internal::SleepAwaiter(internal::Later(0, duration),
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
