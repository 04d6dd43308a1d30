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
  if (task.is_cancelled()) {
    task.UnwindFrom(leaf);
  } else if (TryComplete()) {
    task.Yield(leaf, /*cancellable=*/true);
  } else {
    Enter(task, nullptr);
    task.Wait(leaf, &CallAbort, this,
              when_ == kNever ? "SleepForever"
              : is_relative_  ? "SleepFor"
                              : "SleepUntil");
  }
  return true;
}

bool SleepAwaiter::TryComplete() const {
  if (when_ == kNever) return false;
  return when_ <= (is_relative_ ? 0 : ClockNow());
}

void SleepAwaiter::Enter(TaskRecord& task, Contest* contest) {
  task_ = &task;
  contest_ = contest;
  const Nanoseconds due =
      is_relative_ ? AddSaturating(ClockSoon(), when_) : when_;
  if (due != kNever) running.scheduler->deadlines().Add(*this, due);
}

void SleepAwaiter::Leave() {
  if (is_armed()) running.scheduler->deadlines().Remove(*this);
  task_ = nullptr;
}

Abort SleepAwaiter::CallAbort(void* self) {
  static_cast<SleepAwaiter*>(self)->Leave();
  return Abort::kDone;
}

void SleepAwaiter::Expire() {
  // What was due in the same tick may have ended this wait first.
  if (task_ == nullptr) return;
  if (contest_ != nullptr) contest_->Win(this);
  std::exchange(task_, nullptr)->Wake();
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
