// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/checked_run.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/exceptions.h"
#include "creche/run.h"
#include "creche/testing/internal/repeated_body.h"
#include "lib/testing/deadlock_clock.h"
#include "lib/testing/frame_ledger.h"
#include "lib/uring/block_ring.h"

namespace creche::internal {

namespace {

absl::Status RunCatching(RunOptions options, RepeatedBody& body) {
  CRECHE_TRY {
    return Run(std::move(options), [&body]() -> Task<absl::Status> {
      co_return co_await body.Start();
    });
  }
  CRECHE_CATCH_ALL { return absl::UnknownError("it has thrown an exception"); }
}

// Looks at a port before it is closed, which it must not be with operations
// under way.
class PendingProbe final : public Instrument {
 public:
  explicit PendingProbe(const EventPort& port) : port_(port) {}
  void AfterRun() override { left_ = port_.pending(); }
  size_t left() const { return left_; }

 private:
  const EventPort& port_;
  size_t left_ = 0;
};

}  // namespace

CheckedRunResult CheckRun(RepeatedBody& body, EventPort& port,
                          std::uint64_t schedule_seed,
                          std::vector<Instrument*> instruments,
                          Clock* own_clock) {
  CheckedRunResult result;
  const size_t blocks = BlockRing::lent_on_this_thread();
  DeadlockClock clock;
  PendingProbe pending(port);
  instruments.push_back(&pending);
  RunOptions options;
  options.clock = own_clock != nullptr ? own_clock : &clock;
  options.port = &port;
  options.schedule_seed = schedule_seed;
  options.instruments = std::move(instruments);
  FrameLedger ledger;
  result.status = RunCatching(std::move(options), body);
  std::vector<std::string>& problems = result.problems;
  if (clock.had_deadlock()) problems.push_back(clock.description());
  if (pending.left() > 0) {
    problems.push_back(
        absl::StrCat(pending.left(), " kernel operations were left under way"));
  }
  if (ledger.alive() > 0) {
    problems.push_back(absl::StrCat(
        ledger.alive(), " coroutine frames or tasks were left behind"));
  }
  if (const size_t written = ledger.CountWrittenAfterFree(); written > 0) {
    problems.push_back(
        absl::StrCat(written,
                     " coroutine frames or tasks were written to after their "
                     "end: something still refers to them"));
  }
  if (BlockRing::lent_on_this_thread() > blocks) {
    problems.push_back(
        absl::StrCat(BlockRing::lent_on_this_thread() - blocks,
                     " blocks of received bytes were not given back"));
  }
  return result;
}

}  // namespace creche::internal
