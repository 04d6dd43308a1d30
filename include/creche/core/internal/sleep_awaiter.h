// SPDX-License-Identifier: Apache-2.0
//
// SleepAwaiter: what SleepFor() and its kind give to co_await.

#ifndef CRECHE_CORE_INTERNAL_SLEEP_AWAITER_H_
#define CRECHE_CORE_INTERNAL_SLEEP_AWAITER_H_

#include "creche/core/abort.h"
#include "creche/core/internal/contest.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/wait_context.h"

namespace creche::internal {

class [[nodiscard]] SleepAwaiter : public Deadline, public Entrant {
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
  void Enter(const WaitContext& context);
  void Leave();

  const char* wait_name() const;
  Abort OnCancel() {
    Leave();
    return Abort::kDone;
  }

 private:
  friend class Scheduler;

  const Nanoseconds when_;
  const bool is_relative_;
  bool is_waited_for_ = false;
  SleepAwaiter* next_due_ = nullptr;  // Of those that are due in one tick.
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_SLEEP_AWAITER_H_
