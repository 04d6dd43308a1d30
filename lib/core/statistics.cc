// SPDX-License-Identifier: Apache-2.0

#include "creche/core/statistics.h"

#include "absl/time/time.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche {

RunStatistics statistics() {
  internal::Scheduler* scheduler = internal::running.scheduler;
  if (scheduler == nullptr) {
    internal::Misuse("statistics() was called outside of a run");
  }
  RunStatistics result;
  result.tasks_living = internal::running.living;
  result.tasks_runnable = scheduler->runnable();
  scheduler->ArmFreshDeadlines();
  result.deadlines = scheduler->deadlines().size();
  result.operations = scheduler->port().pending();
  result.backend = scheduler->port().backend();
  if (!scheduler->deadlines().empty()) {
    result.until_next_deadline =
        internal::FromNanoseconds(scheduler->deadlines().earliest()) -
        internal::FromNanoseconds(scheduler->clock().Now());
  }
  return result;
}

}  // namespace creche
