// SPDX-License-Identifier: Apache-2.0

#include "creche/core/parking_lot.h"

#include <cstddef>

#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"

namespace creche {
namespace internal {

bool ParkAwaiter::SuspendIn(Frame leaf) {
  running.task->WaitUnlessReady(leaf, *this);
  return true;
}

}  // namespace internal

void ParkingLot::DestroyedWithTasks() {
  internal::Misuse(
      "what a task waits in (a ParkingLot, or a primitive made of one) was "
      "destroyed before the task");
}

size_t ParkingLot::Unpark(size_t n) {
  size_t count = 0;
  for (; count < n && !empty(); ++count) Unpark(*front());
  return count;
}

size_t ParkingLot::Repark(ParkingLot& other, size_t n) {
  size_t count = 0;
  for (; count < n && !empty(); ++count) Repark(*front(), other);
  return count;
}

}  // namespace creche
