// SPDX-License-Identifier: Apache-2.0
//
// What a script's steps with a body are in the library.

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/cleanup.h"
#include "creche/core/combinators.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "tests/model/library_script.h"
#include "tests/model/outcome.h"
#include "tests/model/script.h"

namespace creche::model {

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

Task<absl::Status> LibraryRun::RunWhenAll(const Step& step) {
  Outcome outcome;
  INTO_OUTCOME(outcome, outcome.status =
                            (co_await WhenAll(RunBlock(step.id, step.body),
                                              RunBlock(step.id, step.cleanup)))
                                .status());
  RecordResult(step, outcome);
  if (step.swallow) co_return absl::OkStatus();
  RETHROW(outcome);
  co_return outcome.status;
}

Task<absl::Status> LibraryRun::RunRace(const Step& step) {
  Outcome outcome;
  std::tuple<std::optional<absl::Status>, std::optional<absl::Status>> results;
  INTO_OUTCOME(outcome,
               results = co_await Race(RunBlock(step.id, step.body),
                                       RunBlock(step.id, step.cleanup)));
  if (outcome.thrown != nullptr) {
    RecordResult(step, outcome);
    if (step.swallow) co_return absl::OkStatus();
    RETHROW(outcome);
  }
  std::string what = "race of " + std::to_string(step.id) + ":";
  const auto add = [&](const char* name, std::optional<absl::Status>& result) {
    Outcome of_one;
    if (!result.has_value()) return;
    of_one.status = *result;
    what += name + NamesOf(of_one);
  };
  add(" 0:", std::get<0>(results));
  add(" 1:", std::get<1>(results));
  Record(what);
  co_return absl::OkStatus();
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

}  // namespace creche::model
