// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/wait_all_tasks_blocked.h"

#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "lib/core/scheduler.h"

namespace creche {

creche::internal::ParkAwaiter WaitAllTasksBlocked() {
  creche::internal::CurrentTask("WaitAllTasksBlocked()");
  return creche::internal::running.scheduler->quiescence().Park(
      "WaitAllTasksBlocked");
}

}  // namespace creche
