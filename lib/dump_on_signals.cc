// SPDX-License-Identifier: Apache-2.0

#include "lib/dump_on_signals.h"

#include <iostream>

#include "lib/core/print_task_tree.h"
#include "lib/core/scheduler.h"

namespace creche::internal {

// It wakes no task, so it is no reason to wait for ever in a deadlock.
DumpOnSignals::DumpOnSignals(Scheduler& scheduler)
    : OutsideEvent(scheduler), scheduler_(scheduler) {
  scheduler_.RemoveOutsideWaker();
}

DumpOnSignals::~DumpOnSignals() {
  Release();
  scheduler_.AddOutsideWaker();
}

void DumpOnSignals::Happen() {
  is_posted_ = false;
  PrintTaskTree(scheduler_.root(), std::cerr);
  std::cerr.flush();
}

// Signals that come before the run sees the first are one, as with the kernel.
void DumpOnSignals::OnSignal(int /*signal*/) {
  if (!is_posted_.exchange(true)) Post();
}

}  // namespace creche::internal
