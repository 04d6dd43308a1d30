// SPDX-License-Identifier: Apache-2.0
//
// WaitAllTasksBlocked: lets everyone else go as far as they can.
//
//   nursery.StartSoon(Client, std::ref(event));
//   co_await creche::WaitAllTasksBlocked();
//   EXPECT_EQ(event.statistics().tasks_waiting, 1u);  // It has got there.
//
// What is under way outside the run (the kernel, other threads) may take
// longer: to wait for that, wait for what it does.

#ifndef CRECHE_TESTING_WAIT_ALL_TASKS_BLOCKED_H_
#define CRECHE_TESTING_WAIT_ALL_TASKS_BLOCKED_H_

#include "creche/core/parking_lot.h"

namespace creche {

// Suspends until every other task of the run waits, and neither the kernel nor
// another thread has anything for them. No time passes meanwhile: a clock that
// jumps does not. All tasks that wait here are woken together.
// Cancellation: safe.
internal::ParkAwaiter WaitAllTasksBlocked();

}  // namespace creche

#endif  // CRECHE_TESTING_WAIT_ALL_TASKS_BLOCKED_H_
