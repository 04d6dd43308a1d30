// SPDX-License-Identifier: Apache-2.0

#include "tests/model/library_run.h"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "tests/model/outcome.h"
#include "tests/model/script.h"
#include "tests/support/mocked_run.h"

namespace creche::model {
namespace {

std::string NameOfReason(const std::string& reason) {
  if (reason.find("a child task failed") == 0) return "child";
  if (reason.find("the nursery's body failed") == 0) return "body";
  return reason;
}

class LibraryRun {
 public:
  explicit LibraryRun(const Script& script)
      : script_(script),
        scopes_(static_cast<std::size_t>(script.ids)),
        nurseries_(static_cast<std::size_t>(script.ids)),
        starts_(static_cast<std::size_t>(script.ids)) {
    Configure(script.main);
  }

  Trace Run(std::optional<std::uint64_t> seed) {
    start_ = clock_.Now();
    auto main = [this]() -> Task<absl::Status> {
      co_await Try(RunBlock(0, script_.main));
      co_return absl::OkStatus();
    };
    absl::Status status = RunMockedOn(clock_, main, seed);
    Record(status.code() == absl::StatusCode::kCancelled ? "main cancelled"
                                                         : "main ended");
    return std::move(trace_);
  }

 private:
  struct SlowWait {
    Waker waker;
    bool completes;
    bool is_aborting;
  };

  // Tells of the end of a block, however it comes.
  struct BlockGuard {
    LibraryRun* run;
    int id;
    BlockGuard(LibraryRun* r, int i) : run(r), id(i) {}
    ~BlockGuard() { run->Record("end of block " + std::to_string(id)); }
  };

  void Configure(const Block& block) {
    for (const Step& step : block.steps) {
      if (step.op == Op::kScope) {
        CancelScopeOptions options;
        options.shield = step.shield;
        if (step.amount != kNever) options.timeout = absl::Seconds(step.amount);
        scopes_[Index(step.id)] = std::make_unique<CancelScope>(options);
      }
      Configure(step.body);
      Configure(step.cleanup);
    }
  }

  static std::size_t Index(int id) { return static_cast<std::size_t>(id); }

  void Record(std::string what) {
    trace_.push_back(
        Event{static_cast<int>(absl::ToInt64Seconds(clock_.Now() - start_)),
              std::move(what)});
  }
  void RecordResult(const Step& step, const Outcome& outcome) {
    Record("result of " + std::to_string(step.id) + ":" + NamesOf(outcome));
  }
  void RecordExit(const Step& step, bool completed) {
    std::string what = "exit of " + std::to_string(step.id) +
                       (completed ? " completed" : " cancelled");
    if (step.op == Op::kScope)
      what += ", " + Describe(*scopes_[Index(step.id)]);
    Record(what);
  }
  static std::string Describe(const CancelScope& scope) {
    const bool called = scope.cancel_called();
    return std::string(called ? "called" : "") +
           (scope.cancelled_caught() ? " caught" : "") + " (" +
           NameOfReason(scope.reason()) + ")";
  }

  CancelScope* Referred(const Step& step) {
    if (CancelScope* scope = scopes_[Index(step.target)].get()) return scope;
    Nursery* nursery = nurseries_[Index(step.target)];
    return nursery == nullptr ? nullptr : &nursery->cancel_scope();
  }

  Task<absl::Status> RunBlock(int task, const Block& block);
  Task<absl::Status> RunScope(int task, const Step& step);
  Task<absl::Status> RunFailAfter(int task, const Step& step);
  Task<absl::Status> RunCleanup(int task, const Step& step);
  Task<absl::Status> RunNursery(int task, const Step& step);
  Task<absl::Status> RunStart(const Step& step);
  Task<> RunSlow(const Step& step);
  void RunOnScope(const Step& step);
  void FinishSlow();

  const Script& script_;
  MockClock clock_;
  absl::Time start_;
  Trace trace_;
  bool done_ = false;
  std::vector<std::unique_ptr<CancelScope>> scopes_;  // By id, as are these.
  std::vector<Nursery*> nurseries_;
  std::vector<std::optional<TaskStatus<>>> starts_;
  ParkingLot lots_[kLots];
  std::vector<std::shared_ptr<SlowWait>> slow_;
};

Task<absl::Status> LibraryRun::RunBlock(int task, const Block& block) {
  BlockGuard guard(this, block.id);
  for (const Step& step : block.steps) {
    if (step.op != Op::kJanitor) {
      Record("t" + std::to_string(task) + " at " + std::to_string(step.id));
    }
    absl::Status status;
    const std::string name = "e" + std::to_string(step.id);
    switch (step.op) {
      case Op::kCheckpoint:
        co_await Checkpoint();
        break;
      case Op::kShieldedCheckpoint:
        co_await ShieldedCheckpoint();
        break;
      case Op::kCheckpointIfCancelled:
        co_await CheckpointIfCancelled();
        break;
      case Op::kSleep:
        co_await SleepFor(absl::Seconds(step.amount));
        break;
      case Op::kTryFail:
        co_await Try(absl::UnknownError(name));
        break;
      case Op::kThrow:
#if defined(__cpp_exceptions)
        throw Thrown(name);
#else
        [[fallthrough]];
#endif
      case Op::kFail:
        co_return absl::UnknownError(name);
      case Op::kCall:
        status = co_await RunBlock(task, step.body);
        break;
      case Op::kTryCall:
        co_await Try(RunBlock(task, step.body));
        break;
      case Op::kScope:
      case Op::kMoveOn:
      case Op::kShield:
        status = co_await RunScope(task, step);
        break;
      case Op::kFailAfter:
        status = co_await RunFailAfter(task, step);
        break;
      case Op::kCleanup:
        status = co_await RunCleanup(task, step);
        break;
      case Op::kNursery:
        status = co_await RunNursery(task, step);
        break;
      case Op::kSpawn:
        nurseries_[Index(step.target)]->StartSoon(
            &LibraryRun::RunBlock, this, step.id, std::cref(step.body));
        break;
      case Op::kStart:
        status = co_await RunStart(step);
        break;
      case Op::kStarted:
        if (auto& start = starts_[Index(step.target)]; start.has_value()) {
          std::exchange(start, std::nullopt)->Started();
        }
        break;
      case Op::kCancel:
      case Op::kSetDeadline:
      case Op::kSetShield:
      case Op::kQuery:
        RunOnScope(step);
        break;
      case Op::kAdvance:
        clock_.Advance(absl::Seconds(step.amount));
        break;
      case Op::kPark:
        co_await lots_[step.target].Park();
        break;
      case Op::kUnpark:
        lots_[step.target].Unpark(Index(step.amount));
        break;
      case Op::kSlow:
        co_await RunSlow(step);
        break;
      case Op::kFinishSlow:
        FinishSlow();
        break;
      case Op::kJanitor:
        for (;;) {
          for (ParkingLot& lot : lots_) lot.UnparkAll();
          FinishSlow();
          if (done_) break;
          co_await SleepFor(absl::Seconds(25));
        }
        break;
      case Op::kDone:
        done_ = true;
        break;
    }
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LibraryRun::RunScope(int task, const Step& step) {
  Outcome outcome;
  std::optional<absl::Status> status;
  if (step.op == Op::kScope) {
    CancelScope& scope = *scopes_[Index(step.id)];
    INTO_OUTCOME(outcome,
                 status = co_await scope.Run(RunBlock(task, step.body)));
  } else if (step.op == Op::kMoveOn) {
    INTO_OUTCOME(outcome,
                 status = co_await MoveOnAfter(absl::Seconds(step.amount),
                                               RunBlock(task, step.body)));
  } else {
    INTO_OUTCOME(outcome, status = co_await Shield(RunBlock(task, step.body)));
  }
  RecordExit(step, status.has_value() || outcome.thrown != nullptr);
  RETHROW(outcome);
  co_return status.value_or(absl::OkStatus());
}

Task<absl::Status> LibraryRun::RunFailAfter(int task, const Step& step) {
  Outcome outcome;
  INTO_OUTCOME(outcome,
               outcome.status = co_await FailAfter(absl::Seconds(step.amount),
                                                   RunBlock(task, step.body)));
  RecordResult(step, outcome);
  if (step.swallow) co_return absl::OkStatus();
  RETHROW(outcome);
  co_return outcome.status;
}

Task<absl::Status> LibraryRun::RunCleanup(int task, const Step& step) {
  Outcome outcome;
  auto cleanup = [&]() -> Task<absl::Status> {
    co_await Try(RunBlock(task, step.cleanup));
    co_return absl::OkStatus();
  };
  const absl::Duration grace = step.amount == kNever
                                   ? absl::InfiniteDuration()
                                   : absl::Seconds(step.amount);
  INTO_OUTCOME(outcome, outcome.status = co_await WithCleanup(
                            RunBlock(task, step.body), cleanup, grace));
  RecordResult(step, outcome);
  if (step.swallow) co_return absl::OkStatus();
  RETHROW(outcome);
  co_return outcome.status;
}

Task<absl::Status> LibraryRun::RunNursery(int task, const Step& step) {
  struct Forget {
    Nursery** place;
    explicit Forget(Nursery** p) : place(p) {}
    ~Forget() { *place = nullptr; }
  };
  Outcome outcome;
  {
    Forget forget(&nurseries_[Index(step.id)]);
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nurseries_[Index(step.id)] = &nursery;
      co_await Try(RunBlock(task, step.body));
      co_return absl::OkStatus();
    };
    INTO_OUTCOME(outcome, outcome.status = co_await WithNursery(body));
  }
  RecordResult(step, outcome);
  if (step.swallow) co_return absl::OkStatus();
  RETHROW(outcome);
  co_return outcome.status;
}

Task<absl::Status> LibraryRun::RunStart(const Step& step) {
  Outcome outcome;
  auto child = [this, &step](TaskStatus<> status) -> Task<absl::Status> {
    starts_[Index(step.id)] = std::move(status);
    co_await Try(RunBlock(step.id, step.body));
    co_return absl::OkStatus();
  };
  Nursery& nursery = *nurseries_[Index(step.target)];
  INTO_OUTCOME(outcome, outcome.status = co_await nursery.Start(child));
  RecordResult(step, outcome);
  if (step.swallow) co_return absl::OkStatus();
  RETHROW(outcome);
  co_return outcome.status;
}

Task<> LibraryRun::RunSlow(const Step& step) {
  auto wait = std::make_shared<SlowWait>();
  wait->completes = step.flag;
  wait->is_aborting = false;
  co_await Suspend(
      [&](Waker waker) {
        wait->waker = std::move(waker);
        slow_.push_back(wait);
      },
      [&] {
        Record("abort of " + std::to_string(step.id));
        wait->is_aborting = true;
        return Abort::kPending;
      });
}

void LibraryRun::FinishSlow() {
  for (const auto& wait : std::exchange(slow_, {})) {
    if (wait->is_aborting && !wait->completes) {
      std::move(wait->waker).Aborted();
    } else {
      std::move(wait->waker).Wake();
    }
  }
}

void LibraryRun::RunOnScope(const Step& step) {
  CancelScope* scope = Referred(step);
  if (scope == nullptr) return;
  if (step.op == Op::kCancel) {
    scope->Cancel("c" + std::to_string(step.id));
  } else if (step.op == Op::kSetDeadline) {
    scope->set_deadline(step.amount == kNever
                            ? absl::InfiniteFuture()
                            : start_ + absl::Seconds(step.amount));
  } else if (step.op == Op::kSetShield) {
    scope->set_shield(step.flag);
  } else {
    const std::string scope_says = Describe(*scope);
    const absl::Time until = CurrentEffectiveDeadline();
    const auto seconds = until == absl::InfiniteFuture() ? std::int64_t{kNever}
                         : until == absl::InfinitePast()
                             ? std::int64_t{-1}
                             : absl::ToInt64Seconds(until - start_);
    Record("scope " + std::to_string(step.target) + ": " + scope_says +
           (CurrentlyCancelled() ? ", cancelled" : "") + ", until " +
           std::to_string(seconds));
  }
}

}  // namespace

Trace RunLibrary(const Script& script,
                 std::optional<std::uint64_t> schedule_seed) {
  return LibraryRun(script).Run(schedule_seed);
}

}  // namespace creche::model
