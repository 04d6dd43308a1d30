// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/wait_all_tasks_blocked.h"

#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "lib/core/scheduler.h"

namespace creche {

internal::ParkAwaiter WaitAllTasksBlocked() {
  internal::CurrentTask("WaitAllTasksBlocked()");
  return internal::running.scheduler->quiescence().Park("WaitAllTasksBlocked");
}

}  // namespace creche
