// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/run_threads.h"

#include <memory>

#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche::internal {

RunThreads& RunThreads::Current() {
  std::unique_ptr<RunPart>& part = running.scheduler->threads();
  if (part == nullptr) part = std::make_unique<RunThreads>(*running.scheduler);
  return static_cast<RunThreads&>(*part);
}

// A token that is still out by then has nobody left to go to but a limiter that
// belongs to more than one run.
void RunThreads::RunEnds() {
  gate_->Close();
  left_behind_.clear();
}

}  // namespace creche::internal
