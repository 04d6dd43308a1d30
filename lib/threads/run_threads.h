// SPDX-License-Identifier: Apache-2.0
//
// RunThreads: what a run has of threads/.

#ifndef CRECHE_LIB_THREADS_RUN_THREADS_H_
#define CRECHE_LIB_THREADS_RUN_THREADS_H_

#include <cstddef>
#include <list>
#include <memory>

#include "creche/sync/capacity_limiter.h"
#include "lib/core/scheduler.h"
#include "lib/threads/run_gate.h"

namespace creche::internal {

class RunThreads final : public RunPart {
 public:
  // How many threads a run has, unless it has another limiter.
  static constexpr size_t kThreads = 40;

  // Those of this thread's run, made when they are first asked for.
  static RunThreads& Current();

  explicit RunThreads(Scheduler& scheduler)
      : gate_(std::make_shared<RunGate>(scheduler)) {}

  const std::shared_ptr<RunGate>& gate() const { return gate_; }
  CapacityLimiter& limiter() { return limiter_; }

  // The tokens of threads that were abandoned and go on.
  std::list<TokenLeftBehind>& left_behind() { return left_behind_; }

  void RunEnds() override;

 private:
  const std::shared_ptr<RunGate> gate_;
  CapacityLimiter limiter_{kThreads};
  std::list<TokenLeftBehind> left_behind_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_RUN_THREADS_H_
