// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/task_tree.h"

#include <iostream>
#include <ostream>
#include <sstream>
#include <string>

#include "creche/core/internal/running.h"
#include "lib/core/print_task_tree.h"
#include "lib/core/scheduler.h"

namespace creche {

std::string TaskTree() {
  std::ostringstream out;
  DumpTasks(out);
  return out.str();
}

void DumpTasks(std::ostream& out) {
  if (internal::running.scheduler == nullptr) return;
  internal::PrintTaskTree(internal::running.scheduler->root(), out);
}

void DumpTasks() {
  DumpTasks(std::cerr);
  std::cerr.flush();
}

}  // namespace creche
