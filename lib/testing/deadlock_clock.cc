// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/deadlock_clock.h"

#include <chrono>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/running.h"
#include "lib/core/print_task_tree.h"
#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

// How long, in real time, a test may wait for the kernel or another thread
// while no deadline is set.
constexpr std::chrono::seconds kPatience(10);
constexpr absl::Duration kSlice = absl::Milliseconds(100);

void LiftShields(CancelNode& node) {
  if (node.shield()) node.set_shield(false);
  const auto& children = node.children();
  for (CancelNode* child = children.front(); child != nullptr;
       child = children.after(child)) {
    LiftShields(*child);
  }
}

}  // namespace

void DeadlockClock::BeginRun() {
  had_deadlock_ = false;
  description_.clear();
  was_idle_ = false;
}

absl::Duration DeadlockClock::WaitFor(absl::Time deadline, bool expects_io) {
  // Between two questions without an Idle(), tasks have run.
  if (!std::exchange(was_idle_, false)) {
    idle_since_ = std::chrono::steady_clock::now();
  }
  const absl::Duration wait = MockClock::WaitFor(deadline, expects_io);
  if (wait != absl::InfiniteDuration() || had_deadlock_) return wait;
  if (expects_io) return kSlice;
  CancelAll("no task can run, no deadline is set, no operation is under way");
  return absl::ZeroDuration();
}

bool DeadlockClock::Idle(absl::Time deadline) {
  if (MockClock::Idle(deadline)) return true;
  was_idle_ = true;
  if (deadline == absl::InfiniteFuture() && !had_deadlock_ &&
      std::chrono::steady_clock::now() - idle_since_ >= kPatience) {
    CancelAll("nothing has happened for a long time, and no deadline is set");
  }
  return false;
}

void DeadlockClock::CancelAll(const char* problem) {
  had_deadlock_ = true;
  CancelNode& root = running.scheduler->root();
  std::ostringstream tree;
  PrintTaskTree(root, tree);
  description_ =
      absl::StrCat("deadlock: ", problem, ". The tasks:\n", tree.str());
  root.Cancel("deadlock");
  LiftShields(root);
}

}  // namespace creche::internal
