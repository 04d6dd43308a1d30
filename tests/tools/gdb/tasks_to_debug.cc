// SPDX-License-Identifier: Apache-2.0
//
// A program for a debugger: tasks of all kinds, and two places to stop at. At
// each it has just printed what DumpTasks() says. The test knows lines by their
// comments.

#include <iostream>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/running.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/shield.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/debug/task_tree.h"
#include "creche/run.h"
#include "lib/core/scheduler.h"

using creche::Task;

// The library itself may have been compiled without -g. Then a debugger knows
// these types from here.
const creche::internal::Running* known_to_debugger = nullptr;

extern "C" [[gnu::noinline]] void StopWhileATaskRuns() {
  std::cout << "while a task runs:\n" << creche::TaskTree() << std::flush;
  known_to_debugger = &creche::internal::running;
}

extern "C" [[gnu::noinline]] void StopWhileAllWait() {
  std::cout << "while all wait:\n" << creche::TaskTree() << std::flush;
}

namespace {

// Between the steps of tasks.
class Idle : public creche::Instrument {
 public:
  void BeforeIoWait(absl::Duration /*at_most*/) override { StopWhileAllWait(); }
};

Task<> SleepLong() {
  co_await creche::SleepFor(absl::Hours(1));  // Innermost.
}

Task<> SleepForAWhile() {
  co_await SleepLong();  // In between.
}

Task<> SleepInAScope() {
  auto sleeping = creche::Shield(SleepForAWhile());
  co_await creche::MoveOnAfter(absl::Hours(2), std::move(sleeping));
}

Task<> Compute() {
  StopWhileATaskRuns();
  co_return;
}

Task<> CallCompute() {
  co_await creche::Checkpoint();  // The others have begun to wait by then.
  co_await Compute();             // Calls.
}

Task<> WorkInANursery() {
  auto body = [](creche::Nursery& nursery) -> Task<> {
    nursery.StartSoon(creche::Named("not \xFF UTF-8", SleepInAScope));
    nursery.Cancel("the client \"has gone\"");
    co_return;
  };
  (void)co_await creche::WithNursery(body);
}

Task<> Main() {
  auto body = [](creche::Nursery& nursery) -> Task<> {
    nursery.StartSoon(creche::Named("sleeper", SleepInAScope));
    nursery.StartSoon(WorkInANursery);
    nursery.StartSoon(creche::Named("worker", CallCompute));
    co_return;
  };
  (void)co_await creche::WithNursery(body);
}

}  // namespace

int main() {
  Idle idle;
  return creche::Run({.instruments = {&idle}}, Main).ok() ? 0 : 1;
}
